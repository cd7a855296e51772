using System.Globalization;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>Where the launches of one kernel report failed checks and what it prints: a <see cref="KernelReport"/> in the device's
/// memory. Held by one launch at a time.</summary>
internal sealed class ReportMemory(Device device)
{
    private const int NoLine = -1;

    private DeviceBuffer<int>? _report;

    /// <summary>What a kernel's last parameter points to.</summary>
    public ArrayView<int> View(Kernel kernel)
    {
        int size = KernelReport.Size(kernel);
        if (_report is null || _report.Length < size)
        {
            _report = device.Allocate<int>(size);
            _report.View.SubView(0, KernelReport.Lines).CopyFrom(stackalloc int[KernelReport.Lines]);
            if (size > KernelReport.Lines)
                Forget(size - KernelReport.Lines);
        }

        return _report.View;
    }

    /// <summary>Waits for the launch, prints what it printed and throws what it reported.</summary>
    /// <exception cref="KernelIndexException">An index was out of range.</exception>
    public void Take(Kernel kernel)
    {
        ArrayView<int> head = _report!.View.SubView(0, KernelReport.Lines);
        Span<int> words = stackalloc int[KernelReport.Lines];
        head.CopyTo(words);
        if (words[KernelReport.Faults] == 0 && words[KernelReport.Printed] == 0)
            return;
        head.CopyFrom(stackalloc int[KernelReport.Lines]);
        if (words[KernelReport.Printed] != 0)
            Print(kernel, words[KernelReport.Printed]);
        if (words[KernelReport.Faults] != 0)
        {
            CheckSite site = kernel.Sites[words[KernelReport.Site]];
            throw new KernelIndexException(kernel.Name, site.View, Text(words, KernelReport.Index), Text(words, KernelReport.Length), site.Place);
        }
    }

    /// <summary>Writes the lines in the order in which items claimed room.</summary>
    private void Print(Kernel kernel, int claimed)
    {
        int[] words = new int[Math.Min((uint)claimed, KernelReport.LineCapacity)];
        _report!.View.SubView(KernelReport.Lines, words.Length).CopyTo(words);
        Forget(words.Length);
        int at = 0;
        // A claim that did not fit has nothing written, and so were all after it.
        while (at < words.Length && words[at] != NoLine)
        {
            PrintSite site = kernel.Prints[words[at]];
            int end = at + 1 + site.Types.Sum(PrintedValue.Words);
            Console.Out.Write(PrintedValue.Format(site, words.AsSpan(at + 1)));
            at = end;
        }

        if ((uint)claimed > at)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"(kernel {kernel.Name} printed more: {(uint)claimed - at} of {(uint)claimed} words are lost)"));
        }
    }

    /// <summary>Marks words as not printed, so that none of an earlier launch is taken for a line.</summary>
    private void Forget(int words)
    {
        int[] nothing = new int[words];
        nothing.AsSpan().Fill(NoLine);
        _report!.View.SubView(KernelReport.Lines, words).CopyFrom(nothing);
    }

    private static string Text(ReadOnlySpan<int> words, int at) =>
        ((uint)words[at] | ((long)words[at + 1] << 32)).ToString(CultureInfo.InvariantCulture);
}

/// <summary>Values that kernels print, from Int32s back to .NET.</summary>
internal static class PrintedValue
{
    /// <summary>Int32s of a value of a type.</summary>
    public static int Words(Type type) => KernelReport.Words(Il.TypeLayout.ScalarOf(type)!.Value);

    /// <summary>The text of one print.</summary>
    public static string Format(PrintSite site, ReadOnlySpan<int> words)
    {
        if (site.Types.IsEmpty)
            return site.Format;
        object[] values = new object[site.Types.Length];
        int at = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int count = Words(site.Types[i]);
            values[i] = Value(site.Types[i], (uint)words[at] | (count == 2 ? (long)words[at + 1] << 32 : 0));
            at += count;
        }

        return string.Format(CultureInfo.InvariantCulture, site.Format, values);
    }

    private static object Value(Type type, long bits)
    {
        if (type.IsEnum)
            return Enum.ToObject(type, (object)Value(type.GetEnumUnderlyingType(), bits));
        if (type == typeof(Half))
            return (Half)BitConverter.Int32BitsToSingle((int)bits);
        if (type == typeof(BFloat16))
            return (BFloat16)BitConverter.Int32BitsToSingle((int)bits);
        if (type == typeof(nint))
            return (nint)bits;
        if (type == typeof(nuint))
            return (nuint)bits;
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => bits != 0,
            TypeCode.SByte => (sbyte)bits,
            TypeCode.Byte => (byte)bits,
            TypeCode.Int16 => (short)bits,
            TypeCode.UInt16 => (ushort)bits,
            TypeCode.Char => (char)bits,
            TypeCode.Int32 => (int)bits,
            TypeCode.UInt32 => (uint)bits,
            TypeCode.Int64 => bits,
            TypeCode.UInt64 => (ulong)bits,
            TypeCode.Single => BitConverter.Int32BitsToSingle((int)bits),
            _ => BitConverter.Int64BitsToDouble(bits),
        };
    }
}
