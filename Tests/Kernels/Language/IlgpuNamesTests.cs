using System.Reflection;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Our kernel-side surface against ILGPU 1.5.3's (Goldens/ilgpu-api.txt): whatever ILGPU has and we have not is listed here
/// with its reason, and nothing is listed that we have.</summary>
public sealed class IlgpuNamesTests
{
    /// <summary>Type.Member (all overloads), Type.* or a whole signature, by reason.</summary>
    private static readonly Dictionary<string, string[]> s_differences = new()
    {
        ["System.Half is the half type here; zero is compared with =="] = ["Half.IsZero"],
    };

    [Fact]
    public void Surface_AgainstIlgpu_DiffersOnlyAsListed()
    {
        List<string> missing = [.. Missing()];
        HashSet<string> listed = [.. s_differences.Values.SelectMany(entries => entries)];
        List<string> unlisted = [.. missing.Where(m => !listed.Any(entry => Covers(entry, m)))];
        Assert.True(unlisted.Count == 0, "ILGPU has these, we have not, and no reason is given:\n" + string.Join('\n', unlisted));
        List<string> stale = [.. listed.Where(entry => !missing.Any(m => Covers(entry, m)))];
        Assert.True(stale.Count == 0, "Listed as missing, but here:\n" + string.Join('\n', stale));
    }

    [Fact]
    public void List_Read_HasAllTypesAndMembers()
    {
        List<(string Type, string Member)> list = [.. Ilgpu()];
        Assert.Equal(23, list.Select(m => m.Type).Distinct().Count());
        Assert.True(list.Count > 550, $"{list.Count}");
        Assert.Contains(("SharedMemory", "static ArrayView2D<T, Stride2D.DenseX> SharedMemory.Allocate2DDenseX<T>(ref Index2D)"), list);
    }

    private static IEnumerable<string> Missing()
    {
        Dictionary<string, HashSet<string>> ours = [];
        foreach ((string name, string member) in Ilgpu())
        {
            if (!ours.TryGetValue(name, out HashSet<string>? members))
                ours[name] = members = [.. Find(name) is { } type ? MembersOf(type, name) : []];
            if (!members.Contains(member))
                yield return member;
        }
    }

    private static bool Covers(string entry, string member)
    {
        if (entry.Contains(' '))
            return entry == member;
        if (entry.EndsWith('*'))
            return member.Contains(" " + entry[..^1], StringComparison.Ordinal);
        int at = member.IndexOf(" " + entry, StringComparison.Ordinal);
        int end = at + 1 + entry.Length;
        return at >= 0 && (end == member.Length || member[end] is '(' or '<');
    }

    private static Type? Find(string name) => name == "Half"
        ? typeof(Half)
        : typeof(Device).Assembly.GetExportedTypes()
            .Where(t => t.Namespace == "Cotangent.Kernels" && !t.IsNested && t.Name.Split('`')[0] == name)
            .OrderByDescending(t => t.IsGenericType).FirstOrDefault();

    /// <summary>The list's members as (type, "static Return Type.Name(parameter types)").</summary>
    private static IEnumerable<(string Type, string Member)> Ilgpu()
    {
        string type = "";
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Goldens", "ilgpu-api.txt")).Skip(1))
        {
            if (line.StartsWith("  ", StringComparison.Ordinal))
                yield return (type, Normal(line.Trim(), type));
            else if (line.Length > 0)
                type = line[(line.LastIndexOf('.') + 1)..].Split('`')[0];
        }
    }

    /// <summary>Without parameter names; with the type's name before the member's.</summary>
    private static string Normal(string line, string type)
    {
        int open = line.EndsWith(')') ? line.LastIndexOf('(') : line.Length;
        string head = line[..open];
        // The name begins after the last space that is not between angle or square brackets.
        int depth = 0, space = 0;
        for (int i = 0; i < head.Length; i++)
        {
            depth += head[i] is '<' or '[' ? 1 : head[i] is '>' or ']' ? -1 : 0;
            if (head[i] == ' ' && depth == 0)
                space = i;
        }

        string[] parameters = [.. Split(line[open..].Trim('(', ')')).Select(p => p[..p.LastIndexOf(' ')])];
        string list = open == line.Length ? "" : $"({string.Join(", ", parameters)})";
        return $"{head[..space]} {type}.{head[(space + 1)..]}{list}";
    }

    private static IEnumerable<string> Split(string list)
    {
        int depth = 0, start = 0;
        for (int i = 0; i < list.Length; i++)
        {
            depth += list[i] is '<' ? 1 : list[i] is '>' ? -1 : 0;
            if (list[i] == ',' && depth == 0)
            {
                yield return list[start..i].Trim();
                start = i + 1;
            }
        }

        if (start < list.Length)
            yield return list[start..].Trim();
    }

    private static IEnumerable<string> MembersOf(Type type, string owner)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        foreach (FieldInfo field in type.GetFields(all))
            yield return $"{(field.IsStatic ? "static " : "")}{NameOf(field.FieldType)} {owner}.{field.Name}";
        foreach (PropertyInfo property in type.GetProperties(all))
        {
            ParameterInfo[] index = property.GetIndexParameters();
            string name = index.Length == 0 ? property.Name : $"this[{string.Join(", ", index.Select(p => NameOf(p.ParameterType)))}]";
            yield return $"{(property.GetMethod!.IsStatic ? "static " : "")}{NameOf(property.PropertyType)} {owner}.{name}";
        }

        foreach (MethodInfo method in type.GetMethods(all).Where(m => !m.IsSpecialName))
        {
            string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(NameOf))}>" : "";
            string parameters = string.Join(", ", method.GetParameters().Select(p => NameOf(p.ParameterType)));
            yield return $"{(method.IsStatic ? "static " : "")}{NameOf(method.ReturnType)} {owner}.{method.Name}{generic}({parameters})";
        }
    }

    private static string NameOf(Type type)
    {
        if (type.IsByRef)
            return "ref " + NameOf(type.GetElementType()!);
        if (type.IsGenericParameter)
            return type.Name;
        string name = type.Name.Split('`')[0];
        if (type.IsNested)
            name = $"{NameOf(type.DeclaringType!)}.{name}";
        if (type.IsGenericType)
            name += $"<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
        return s_keywords.GetValueOrDefault(type, name);
    }

    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(sbyte)] = "sbyte",
        [typeof(byte)] = "byte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
    };
}
