using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Graph;

/// <summary>A leaf of a C# kernel's parameters: a view, or a number (which may be a field of a struct).</summary>
/// <param name="Name">As in the source: <c>x</c>, or <c>step.Rate</c>.</param>
/// <param name="Type">The C# type, such as ArrayView&lt;float&gt; or int.</param>
/// <param name="DType">The dtype of the number or of the view's elements.</param>
/// <param name="ElementCount">Scalars in an element of the view: 4 for a Vector4. 0 for a number.</param>
/// <param name="Index">The first IR parameter: a view has its pointer, then its length, extents and strides.</param>
internal sealed record KernelParameter(string Name, Type Type, DType DType, int ElementCount, int Index)
{
    public bool IsView => ElementCount > 0;

    /// <summary>The order of a view's axes; null for numbers and for views that see the elements in one row.</summary>
    public ViewAxes? Axes { get; init; }

    /// <summary>What keeps a view from seeing a tensor of some shape; null if nothing does.</summary>
    public string? Misfit(Shape shape)
    {
        if (Axes is null) return shape.Size % ElementCount == 0 ? null
            : $"an element is {ElementCount} numbers; the tensor of shape {shape} has {shape.Size}, which is no multiple";
        if (ElementCount == 1) return shape.Rank == Axes.Rank ? null : $"it takes tensors of rank {Axes.Rank}, not of shape {shape}";
        return shape.Rank == Axes.Rank + 1 && shape[^1] == ElementCount ? null
            : $"it takes tensors of rank {Axes.Rank + 1} whose last extent is {ElementCount}, not of shape {shape}";
    }

    /// <summary>The IR arguments of a view after its pointer: length, extents and strides.</summary>
    public IEnumerable<long> ArgumentsOf(Shape shape) =>
        [shape.Size / ElementCount, .. Axes?.ArgumentsOf(ElementCount == 1 ? shape : Shape.From(shape.SkipLast(1))) ?? []];

    /// <summary>The leaves of a kernel's parameters behind its index, in order.</summary>
    /// <exception cref="KernelCallException">A parameter is nothing that a tensor or a number can be given for.</exception>
    public static ImmutableArray<KernelParameter> Of(MethodInfo method, Kernel kernel)
    {
        List<KernelParameter> leaves = [];
        int index = 0;
        foreach (ParameterInfo p in method.GetParameters().Skip(kernel.Kind == LaunchKind.Grouped ? 0 : 1))
        {
            if (FrontEnd.IsSpecialised(p.ParameterType)) throw new KernelCallException(
                $"kernel '{method.Name}': the parameter '{p.Name}' is {p.ParameterType.ToText()}. Capture its value in a lambda instead, " +
                "which makes it a constant of the kernel.");
            Add(p.Name ?? $"#{p.Position}", p.ParameterType);
        }

        return [.. leaves];

        void Add(string name, Type type)
        {
            switch (TypeLayout.Of(type))
            {
                case ViewLayout view when ElementOf(view.Element) is var (element, count):
                    leaves.Add(new(name, type, element, count, index));
                    index += 2;
                    break;
                case StructLayout when ViewAxes.Of(type) is { } axes && ElementOf(type.GetGenericArguments()[0]) is var (element, count):
                    leaves.Add(new(name, type, element, count, index) { Axes = axes });
                    index += 1 + leaves[^1].ArgumentsOf(Shape.From(Enumerable.Repeat(count, axes.Rank + (count > 1 ? 1 : 0)))).Count();
                    break;
                case ScalarLayout { Stack: var stack, Memory: var memory } when stack == memory && DTypeOf(memory) is { } number:
                    leaves.Add(new(name, type, number, 0, index++));
                    break;
                case StructLayout { IsArray: false } tree when !ViewAxes.IsView(type):
                    foreach (FieldLayout field in tree.Fields) Add($"{name}.{NameOf(field.Field)}", field.Layout.Type);
                    break;
                default:
                    throw new KernelCallException($"kernel '{method.Name}': the parameter '{name}' is {type.ToText()}, for " +
                        "which there is no dtype. Use dense views of float, double, Half, BFloat16, int, uint, long, byte, bool or structs of " +
                        "one of these, and numbers of type float, double, int, uint, long or bool.");
            }
        }
    }

    /// <summary>The name of a field, or of the property that it is behind.</summary>
    private static string NameOf(FieldInfo field) =>
        field.Name is ['<', .. var rest] && rest.IndexOf('>', StringComparison.Ordinal) is > 0 and var end ? rest[..end] : field.Name;

    /// <summary>The dtype and number of the scalars that an element of a view consists of; null if they are not alike
    /// and dense.</summary>
    private static (DType, int)? ElementOf(Type type)
    {
        switch (TypeLayout.Of(type))
        {
            case ScalarLayout scalar:
                return DTypeOf(scalar.Memory) is { } own ? (own, 1) : null;
            case StructLayout { Fields: [var first, .. var rest] }:
                if (ElementOf(first.Layout.Type) is not (DType dtype, int count)) return null;
                foreach (FieldLayout field in rest)
                {
                    if (ElementOf(field.Layout.Type) is not (DType other, int more) || other != dtype) return null;
                    count += more;
                }

                return MemoryLayout.SizeOf(type) == count * dtype.Size() ? (dtype, count) : null;
            default:
                return null;
        }
    }

    private static DType? DTypeOf(ScalarType type)
    {
        foreach (DType dtype in Enum.GetValues<DType>())
        {
            if (dtype.Scalar() == type) return dtype;
        }

        return null;
    }
}
