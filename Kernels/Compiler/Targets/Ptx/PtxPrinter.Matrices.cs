using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Tensor cores, and the copies that feed them.</summary>
internal sealed partial class PtxPrinter
{
    // The components of the last product, and what they are of.
    private string[] _matrixSums = [];
    private Instruction? _matrixFirst;

    /// <summary>The register of one component. The first of the four prints the product.</summary>
    private string MultiplyMatrices(Instruction i)
    {
        if (i.Count == 0)
        {
            _matrixFirst = i;
            _matrixSums = [.. Enumerable.Range(0, 4).Select(_ => _text.NewRegister("f32"))];
            string shape = i.Matrix switch
            {
                MatrixElement.Tf32 => "m16n8k8.row.col.f32.tf32.tf32.f32",
                MatrixElement.Float16 => "m16n8k16.row.col.f32.f16.f16.f32",
                _ => "m16n8k16.row.col.f32.bf16.bf16.f32",
            };
            string[] x = [.. i.Operands.Take(6).Select(v => ToBits(v.Type.Scalar, Register(v))), .. i.Operands.Skip(6).Select(Register)];
            _text.Emit($"mma.sync.aligned.{shape} {Braced(_matrixSums)}, {Braced(x[..4])}, {Braced(x[4..6])}, {Braced(x[6..])}");
        }
        else if (_matrixFirst is null || _matrixFirst.Matrix != i.Matrix || !_matrixFirst.Operands.AsSpan().SequenceEqual(i.Operands.AsSpan()))
        {
            throw new InvalidOperationException("The components of a matrix product do not stand together.");
        }

        return _matrixSums[i.Count];

        static string Braced(string[] registers) => $"{{{string.Join(", ", registers)}}}";
    }

    private void PrintAsync(Instruction i)
    {
        switch (i.Opcode)
        {
            case Opcode.AsyncCopy:
                string target = AddNarrow(Register(i.Operands[0]), new PtxTerm(i.Operands[1], i.Operands[0].Type.Scalar.Size()));
                string source = AddWide(Register(i.Operands[2]), new PtxTerm(i.Operands[3], i.Operands[2].Type.Scalar.Size()));
                // Past the first-level cache where the hardware can: the elements are in shared memory then.
                _text.Emit($"cp.async.{(i.Count == 16 ? "cg" : "ca")}.shared.global [{target}], [{source}], {i.Count}");
                break;
            case Opcode.AsyncCommit:
                _text.Emit("cp.async.commit_group");
                break;
            default:
                _text.Emit($"cp.async.wait_group {i.Count}");
                break;
        }
    }
}
