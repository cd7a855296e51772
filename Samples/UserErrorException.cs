namespace Cotangent.Samples;

/// <summary>A mistake of the person at the keyboard, told in one sentence; the program ends with code 2.</summary>
internal sealed class UserErrorException(string message) : Exception(message);
