using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Cotangent.Kernels;

namespace Cotangent;

/// <summary>Trees of tensors: a tensor, or tuples, arrays, lists, string dictionaries, records and <see
/// cref="ITensorTree{TSelf}"/> types of trees. Functions of many parameters take and return them.</summary>
/// <remarks>Numbers, strings, Booleans, enums and null inside a tree are constants: they are carried over unchanged.
/// Dictionaries are walked in ordinal order of their keys, records in the order of their primary constructor, then of
/// their other settable properties.</remarks>
public static class Trees
{
    private static readonly ConcurrentDictionary<Type, Shaper> s_shapers = new();

    /// <summary>The tensors of a tree, depth first.</summary>
    /// <exception cref="TreeException">A part is of a type that is no tree.</exception>
    public static Tensor[] Flatten<T>(T tree)
    {
        List<Tensor> leaves = [];
        Visit(tree, "", (_, leaf) =>
        {
            if (leaf is Tensor tensor) leaves.Add(tensor);
        });
        return [.. leaves];
    }

    /// <summary>The names of the tensors of a tree, in the order of <see cref="Flatten"/>: paths such as
    /// <c>blocks.0.attention.wq</c>. Record properties begin in lower case.</summary>
    public static string[] Names<T>(T tree)
    {
        List<string> names = [];
        Visit(tree, "", (name, leaf) =>
        {
            if (leaf is Tensor) names.Add(name);
        });
        return [.. names];
    }

    /// <summary>A tree of the same structure with other tensors, in the order of <see cref="Flatten"/>.</summary>
    public static T Rebuild<T>(T like, IReadOnlyList<Tensor> leaves)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        int next = 0;
        object? result = Rebuild(like, "", () => next < leaves.Count
            ? leaves[next++]
            : throw CountMismatch(Flatten(like).Length, leaves.Count));
        return next == leaves.Count ? (T)result! : throw CountMismatch(next, leaves.Count);
    }

    /// <summary>A tree of the same structure with a function applied to each tensor.</summary>
    public static T Map<T>(T tree, Func<Tensor, Tensor> function) => Rebuild(tree, [.. Flatten(tree).Select(function)]);

    /// <summary>A tree of the same structure with a function applied to the tensors of two trees of equal
    /// structure.</summary>
    public static T Map<T>(T left, T right, Func<Tensor, Tensor, Tensor> function)
    {
        Tensor[] x = Flatten(left), y = Flatten(right);
        return x.Length == y.Length
            ? Rebuild(left, [.. x.Zip(y, function)])
            : throw CountMismatch(x.Length, y.Length);
    }

    private static TreeException CountMismatch(int expected, int actual) =>
        new($"The tree has {expected} tensors, but {actual} were given.");

    /// <summary>Visits the tensors and the constants of a tree, depth first, with their paths.</summary>
    internal static void Visit(object? tree, string path, Action<string, object?> leaf)
    {
        if (tree is Tensor || IsConstant(tree)) leaf(path, tree);
        else ShaperOf(tree!.GetType(), path).Visit(tree, path, leaf);
    }

    private static object? Rebuild(object? tree, string path, Func<Tensor> next) =>
        tree is Tensor ? next()
        : IsConstant(tree) ? tree
        : ShaperOf(tree!.GetType(), path).Rebuild(tree, path, next);

    private static bool IsConstant(object? x) =>
        x is null or string or decimal || x.GetType() is { IsPrimitive: true } or { IsEnum: true };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static Shaper ShaperOf(Type type, string path) => s_shapers.GetOrAdd(type, static t => Shaper.For(t)!)
        ?? throw new TreeException(
            $"{(path.Length == 0 ? "The value" : path)} is a {type}, which is no tree of tensors. Use tensors, " +
            "tuples, arrays, lists, " +
            "dictionaries with string keys or records, or implement ITensorTree.");

    /// <summary>How one type of container is walked and rebuilt.</summary>
    private abstract class Shaper
    {
        public abstract void Visit(object tree, string path, Action<string, object?> leaf);

        public abstract object Rebuild(object tree, string path, Func<Tensor> next);

        public static Shaper? For(Type type)
        {
            Type? own = type.GetInterfaces().FirstOrDefault(
                i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ITensorTree<>) && i.GenericTypeArguments[0] == type);
            if (own is not null) return (Shaper)Activator.CreateInstance(typeof(CustomShaper<>).MakeGenericType(type))!;
            if (type.IsArray) return type.GetArrayRank() == 1 ? new ListShaper() : null;
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)) return new ListShaper();
            if (type.IsGenericType && type.GenericTypeArguments[0] == typeof(string)
                && (type.GetGenericTypeDefinition() == typeof(Dictionary<,>)
                    || type.GetGenericTypeDefinition() == typeof(SortedDictionary<,>)))
            {
                return new DictionaryShaper();
            }

            return typeof(ITuple).IsAssignableFrom(type) ? new TupleShaper()
                : RecordShaper.Parts(type) is { } parts ? new RecordShaper(parts.Constructor, parts.Parameters, parts.Others)
                : null;
        }
    }

    /// <summary>Arrays and lists; the copy has the same type.</summary>
    private sealed class ListShaper : Shaper
    {
        public override void Visit(object tree, string path, Action<string, object?> leaf)
        {
            IList list = (IList)tree;
            for (int i = 0; i < list.Count; i++) Trees.Visit(list[i], Join(path, $"{i}"), leaf);
        }

        public override object Rebuild(object tree, string path, Func<Tensor> next)
        {
            IList list = (IList)tree;
            IList copy = tree is Array array ? (IList)array.Clone() : (IList)Activator.CreateInstance(tree.GetType(), list)!;
            for (int i = 0; i < list.Count; i++) copy[i] = Trees.Rebuild(list[i], Join(path, $"{i}"), next);
            return copy;
        }
    }

    private sealed class DictionaryShaper : Shaper
    {
        public override void Visit(object tree, string path, Action<string, object?> leaf)
        {
            IDictionary entries = (IDictionary)tree;
            foreach (string key in Keys(entries)) Trees.Visit(entries[key], Join(path, key), leaf);
        }

        public override object Rebuild(object tree, string path, Func<Tensor> next)
        {
            IDictionary entries = (IDictionary)tree, copy = (IDictionary)Activator.CreateInstance(tree.GetType())!;
            foreach (string key in Keys(entries)) copy[key] = Trees.Rebuild(entries[key], Join(path, key), next);
            return copy;
        }

        private static IEnumerable<string> Keys(IDictionary entries) =>
            entries.Keys.Cast<string>().Order(StringComparer.Ordinal);
    }

    private sealed class TupleShaper : Shaper
    {
        public override void Visit(object tree, string path, Action<string, object?> leaf)
        {
            ITuple tuple = (ITuple)tree;
            for (int i = 0; i < tuple.Length; i++) Trees.Visit(tuple[i], Join(path, $"{i}"), leaf);
        }

        public override object Rebuild(object tree, string path, Func<Tensor> next)
        {
            ITuple tuple = (ITuple)tree;
            object?[] items = new object?[tuple.Length];
            for (int i = 0; i < items.Length; i++) items[i] = Trees.Rebuild(tuple[i], Join(path, $"{i}"), next);
            return Make(tree.GetType(), items);
        }

        /// <summary>A tuple of more than seven items holds the rest in a tuple of its own.</summary>
        private static object Make(Type type, ReadOnlySpan<object?> items)
        {
            if (items.Length < 8) return Activator.CreateInstance(type, items.ToArray())!;
            object?[] first = [.. items[..7], Make(type.GenericTypeArguments[7], items[7..])];
            return Activator.CreateInstance(type, first)!;
        }
    }

    /// <summary>Records: the parameters of the primary constructor by the properties of the same names, then what init
    /// sets.</summary>
    private sealed class RecordShaper(ConstructorInfo constructor, PropertyInfo[] parameters, PropertyInfo[] others) : Shaper
    {
        private readonly (PropertyInfo Property, string Name)[] _parts =
            [.. parameters.Concat(others).Select(p => (p, char.ToLowerInvariant(p.Name[0]) + p.Name[1..]))];

        public static (ConstructorInfo Constructor, PropertyInfo[] Parameters, PropertyInfo[] Others)? Parts(Type type)
        {
            // The primary constructor is the longest whose parameters all are properties; a record's copy constructor
            // is not public.
            const BindingFlags instance = BindingFlags.Public | BindingFlags.Instance;
            PropertyInfo[] all = [.. type.GetProperties(instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0)];
            bool isRecord = type.GetMethod("<Clone>$", instance) is not null;
            foreach (ConstructorInfo constructor in type.GetConstructors().OrderByDescending(c => c.GetParameters().Length))
            {
                ParameterInfo[] names = constructor.GetParameters();
                PropertyInfo[] parameters =
                [
                    .. names.Select(n => all.FirstOrDefault(p => p.Name == n.Name && p.PropertyType == n.ParameterType))
                        .OfType<PropertyInfo>(),
                ];
                if (parameters.Length < names.Length || (names.Length == 0 && !isRecord)) continue;
                IEnumerable<PropertyInfo> others = all.Except(parameters).Where(p => p.SetMethod is { IsPublic: true });
                return (constructor, parameters, [.. others.OrderBy(p => p.MetadataToken)]);
            }

            return null;
        }

        public override void Visit(object tree, string path, Action<string, object?> leaf)
        {
            foreach ((PropertyInfo property, string name) in _parts) Trees.Visit(property.GetValue(tree), Join(path, name), leaf);
        }

        public override object Rebuild(object tree, string path, Func<Tensor> next)
        {
            object?[] values = new object?[_parts.Length];
            for (int i = 0; i < values.Length; i++)
                values[i] = Trees.Rebuild(_parts[i].Property.GetValue(tree), Join(path, _parts[i].Name), next);

            object result = constructor.Invoke(values[..parameters.Length]);
            for (int i = 0; i < others.Length; i++) others[i].SetValue(result, values[parameters.Length + i]);
            return result;
        }
    }

    private sealed class CustomShaper<T> : Shaper
        where T : ITensorTree<T>
    {
        public override void Visit(object tree, string path, Action<string, object?> leaf)
        {
            foreach ((string name, Tensor value) in ((T)tree).Flatten()) leaf(Join(path, name), value);
        }

        public override object Rebuild(object tree, string path, Func<Tensor> next)
        {
            T own = (T)tree;
            Tensor[] leaves = new Tensor[own.Flatten().Count];
            for (int i = 0; i < leaves.Length; i++) leaves[i] = next();
            return own.Rebuild(leaves);
        }
    }
}
