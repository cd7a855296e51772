using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Cotangent.Kernels.Il;

/// <summary>A place in a source file.</summary>
internal readonly record struct SourceLine(string File, int Line, int Column);

/// <summary>Where a diagnostic applies: method with file and line from a portable PDB, else with the IL offset.</summary>
internal static class Place
{
    private static readonly ConcurrentDictionary<Module, MetadataReaderProvider?> s_symbols = new();

    /// <summary>The innermost place, then the calls that lead to it from the kernel.</summary>
    public static string Of(MethodBase kernel, IReadOnlyList<Frame> frames)
    {
        if (frames.Count == 0)
            return kernel.ToText();
        IEnumerable<string> places = frames.Reverse().Select(f => Of(f.Method, f.Current.Source));
        return string.Join("\n  called from ", places);
    }

    /// <summary>Where one method is.</summary>
    public static string Of(Frame frame) => Of(frame.Method, frame.Current.Source);

    private static string Of(MethodBase method, int offset) => Find(method, offset) is { } line
        ? $"{method.ToText()} in {Path.GetFileName(line.File)}:{line.Line}"
        : $"{method.ToText()}, IL offset {offset}";

    /// <summary>The source of an IL offset; null without symbols.</summary>
    public static SourceLine? Find(MethodBase method, int offset)
    {
        try
        {
            if (s_symbols.GetOrAdd(method.Module, Open)?.GetMetadataReader() is not { } reader)
                return null;
            MethodDefinitionHandle handle = (MethodDefinitionHandle)MetadataTokens.Handle(method.MetadataToken);
            MethodDebugInformation information = reader.GetMethodDebugInformation(handle);
            SequencePoint? best = null;
            foreach (SequencePoint point in information.GetSequencePoints())
            {
                if (!point.IsHidden && point.Offset <= offset)
                    best = point;
            }

            return best is { } found
                ? new(reader.GetString(reader.GetDocument(found.Document).Name).Replace('\\', '/'), found.StartLine, found.StartColumn)
                : null;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or InvalidCastException or ArgumentException)
        {
            // Symbols are a courtesy: a damaged or foreign PDB must not hide the diagnostic itself.
            return null;
        }
    }

    private static MetadataReaderProvider? Open(Module module)
    {
        string path = module.Assembly.IsDynamic ? "" : module.Assembly.Location;
        if (!File.Exists(path))
            return null;
        using PEReader image = new(File.OpenRead(path));
        foreach (DebugDirectoryEntry entry in image.ReadDebugDirectory())
        {
            if (entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb)
                return image.ReadEmbeddedPortablePdbDebugDirectoryData(entry);
        }

        string beside = Path.ChangeExtension(path, ".pdb");
        return File.Exists(beside) ? MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(beside)) : null;
    }
}
