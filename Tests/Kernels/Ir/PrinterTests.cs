using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Ir;

public class PrinterTests
{
    private static Kernel SumOfPowers(string name)
    {
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0) { Name = name };
        Parameter n = new(ScalarType.Int32, 1);
        Kernel kernel = new("powers", LaunchKind.Range1D, [x, n]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex);
        Value a = b.Load(x, i);
        Value sum = b.For(Constant.Of(0), n, Constant.Of(1), [Constant.Of(0f)], (_, s) =>
            [b.Fma(s[0], a, Constant.Of(1.5f))])[0];
        b.If(b.Compare(Opcode.Less, sum, Constant.Of(0f)), () => b.Store(x, i, sum));
        b.Append(new Return());
        return kernel;
    }

    [Fact]
    public void Print_LoopAndIf_IsReadable() => Assert.Equal(
        """
        kernel powers range1d (f32 global* %x, i32 %arg1) {
          %0 = globalindex.x : i32
          %1 = load %x, %0 : f32
          f32 %4 = loop @0 (i32 %2, f32 %3) = (0, 0f) {
            %5 = less %2, %arg1 : bool
            if @1 %5 {
              %6 = fma %3, %1, 1.5f : f32
              %7 = add %2, 1 : i32
              continue @0 (%7, %6)
            } else {
              break @0 (%3)
            }
            unreachable
          }
          %8 = less %4, 0f : bool
          if @2 %8 {
            store %x, %0, %4
            break @2
          }
          return
        }

        """, Printer.Print(SumOfPowers("x")), ignoreLineEndingDifferences: true);

    [Fact]
    public void Print_SameKernelBuiltTwice_HasTheSameText() =>
        Assert.Equal(Printer.Print(SumOfPowers("x")), Printer.Print(SumOfPowers("x")));

    [Fact]
    public void Literal_SpecialValues_KeepTheirBits()
    {
        Assert.Equal("0x7fc00000:f32", Printer.Literal(Constant.Of(BitConverter.UInt32BitsToSingle(0x7fc00000))));
        Assert.Equal("-0f", Printer.Literal(Constant.Of(-0f)));
        Assert.Equal("1.0", Printer.Literal(Constant.Of(1.0)));
        Assert.Equal("-5:i64", Printer.Literal(Constant.Of(-5L)));
        Assert.Equal("4294967295:u32", Printer.Literal(Constant.Of(uint.MaxValue)));
        Assert.Equal("-7", Printer.Literal(Constant.Of(-7)));
    }
}
