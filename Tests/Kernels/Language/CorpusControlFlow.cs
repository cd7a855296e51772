using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Branches and loops.</summary>
public static class CorpusControlFlow
{
    private const int N = 103;

    private static readonly float[] s_input = [.. Enumerable.Range(0, N).Select(i => (i * 37 % 101 - 50) * 0.25f)];

    private static void Map(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel, Func<float, int, float> expected)
    {
        DeviceBuffer<float> x = d.Allocate<float>(s_input);
        DeviceBuffer<float> y = d.Allocate<float>(new float[N]);
        d.Load(kernel)(N, x, y);
        Assert.Equal(s_input.Select(expected), y.ToArray());
    }

    public static void Axpy(Index1D i, ArrayView<float> x, ArrayView<float> y, float a) => y[i] = a * x[i] + y[i];

    [Feature]
    public static void AxpyKernel(Device d)
    {
        DeviceBuffer<float> x = d.Allocate<float>(s_input);
        DeviceBuffer<float> y = d.Allocate<float>(s_input);
        Action<Index1D, ArrayView<float>, ArrayView<float>, float> axpy =
            d.Load<Index1D, ArrayView<float>, ArrayView<float>, float>(Axpy);
        axpy(N, x.View, y.View, 2f);
        Assert.Equal(s_input.Select(v => 2f * v + v), y.ToArray());
    }

    private static void LeakyIf(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float v = x[i];
        if (v < 0f)
            v *= 0.01f;
        y[i] = v;
    }

    [Feature]
    public static void IfWithoutElse(Device d) => Map(d, LeakyIf, (v, _) => v < 0 ? v * 0.01f : v);

    private static void TwoStores(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        if (x[i] < 0f)
            y[i] = -1f;
        else
            y[i] = 1f;
    }

    [Feature]
    public static void StoreOnEachSide(Device d) => Map(d, TwoStores, (v, _) => v < 0 ? -1 : 1);

    private static void Guard(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        if (i >= 50)
            return;
        if (x[i] > 3f)
        {
            y[i] = 3f;
            return;
        }

        y[i] = x[i];
    }

    [Feature]
    public static void EarlyReturns(Device d) => Map(d, Guard, (v, i) => i >= 50 ? 0 : MathF.Min(v, 3));

    private static void SumTo(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float sum = 0;
        for (int k = 0; k < i % 7; k++)
            sum += x[k];
        y[i] = sum;
    }

    [Feature]
    public static void ForLoop(Device d) => Map(d, SumTo, (_, i) =>
    {
        float sum = 0;
        for (int k = 0; k < i % 7; k++)
            sum += s_input[k];
        return sum;
    });

    private static void Collatz(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int n = i + 1;
        int steps = 0;
        while (n != 1)
        {
            n = n % 2 == 0 ? n / 2 : 3 * n + 1;
            steps++;
        }

        y[i] = steps;
    }

    [Feature]
    public static void WhileLoop(Device d) => Map(d, Collatz, (_, i) =>
    {
        int steps = 0;
        for (int n = i + 1; n != 1; steps++)
            n = n % 2 == 0 ? n / 2 : 3 * n + 1;
        return steps;
    });

    private static void Digits(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int n = i;
        int digits = 0;
        do
        {
            n /= 10;
            digits++;
        }
        while (n > 0);
        y[i] = digits;
    }

    [Feature]
    public static void DoWhileLoop(Device d) => Map(d, Digits, (_, i) => i.ToString().Length);

    private static void FindNegative(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int found = -1;
        for (int k = i; k < x.IntLength; k++)
        {
            if (x[k] < 0)
            {
                found = k;
                break;
            }
        }

        y[i] = found;
    }

    [Feature]
    public static void BreakWithValue(Device d) => Map(d, FindNegative, (_, i) =>
        Array.FindIndex(s_input, i, v => v < 0));

    private static void SkipOdd(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float sum = 0;
        for (int k = 0; k < 10; k++)
        {
            if (((k + i) & 1) == 1)
                continue;
            if (k > i)
                continue;
            sum += k;
        }

        y[i] = sum;
    }

    [Feature]
    public static void ContinueInLoop(Device d) => Map(d, SkipOdd, (_, i) =>
        Enumerable.Range(0, 10).Where(k => ((k + i) & 1) == 0 && k <= i).Sum());

    private static void ReturnInLoop(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        for (int k = 0; k < 20; k++)
        {
            if (k * k > i)
            {
                y[i] = k;
                return;
            }
        }

        y[i] = -1;
    }

    [Feature]
    public static void ReturnFromLoop(Device d) => Map(d, ReturnInLoop, (_, i) => (int)Math.Floor(Math.Sqrt(i)) + 1);

    private static void Primes(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int count = 0;
        for (int n = 2; n <= i; n++)
        {
            bool prime = true;
            for (int k = 2; k * k <= n; k++)
            {
                if (n % k == 0)
                {
                    prime = false;
                    break;
                }
            }

            if (prime)
                count++;
        }

        y[i] = count;
    }

    [Feature]
    public static void NestedLoops(Device d) => Map(d, Primes, (_, i) =>
        Enumerable.Range(0, i + 1).Count(n => n > 1 && Enumerable.Range(2, n).TakeWhile(k => k * k <= n).All(k => n % k != 0)));

    private static void Nearest(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float best = -1;
        for (int a = 1; a < 12; a++)
        {
            for (int b = 1; b < 12; b++)
            {
                if (a * b == i)
                {
                    best = a * 100 + b;
                    goto done;
                }

                if (a * b > i)
                    break;
            }
        }

    done:
        y[i] = best;
    }

    [Feature]
    public static void GotoOutOfNestedLoops(Device d) => Map(d, Nearest, (_, i) =>
    {
        for (int a = 1; a < 12; a++)
        {
            for (int b = 1; b < 12; b++)
            {
                if (a * b == i)
                    return a * 100 + b;
            }
        }

        return -1;
    });

    private static void Mandelbrot(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float cx = x[i] * 0.1f;
        float re = 0, im = 0;
        int k = 0;
        while (k < 50 && re * re + im * im < 4f)
        {
            float next = re * re - im * im + cx;
            im = 2 * re * im + 0.5f;
            re = next;
            k++;
        }

        y[i] = k;
    }

    [Feature]
    public static void WhileWithTwoConditions(Device d) => Map(d, Mandelbrot, (v, _) =>
    {
        float[] y = new float[1];
        float re = 0, im = 0;
        int k = 0;
        for (; k < 50 && re * re + im * im < 4f; k++)
            (re, im) = (re * re - im * im + v * 0.1f, 2 * re * im + 0.5f);
        return k + y[0];
    });

    private static void Logical(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        bool edge = i < 3 || i > 99;
        bool inside = x[i] > -5 && x[i] < 5;
        if (edge || (inside && i % 3 == 0) || !(x[i] <= 8))
            y[i] = edge ? 2 : 1;
        if (edge && !inside)
            y[i] += 10;
    }

    [Feature]
    public static void ShortCircuits(Device d) => Map(d, Logical, (v, i) =>
    {
        bool edge = i < 3 || i > 99;
        bool inside = v is > -5 and < 5;
        float r = edge || (inside && i % 3 == 0) || v > 8 ? edge ? 2 : 1 : 0;
        return edge && !inside ? r + 10 : r;
    });

    private static void GuardedLoad(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int next = i + 1;
        if (next < x.IntLength && x[next] > 0)
            y[i] = x[next];
    }

    [Feature]
    public static void ConditionGuardsLoad(Device d) => Map(d, GuardedLoad, (_, i) =>
        i + 1 < N && s_input[i + 1] > 0 ? s_input[i + 1] : 0);

    private static void Switching(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float r;
        switch (i % 6)
        {
            case 0: r = 1; break;
            case 1:
            case 2: r = x[i]; break;
            case 4: r = i; goto case 0;
            case 5: y[i] = -7; return;
            default: r = 9; break;
        }

        y[i] = r;
    }

    [Feature]
    public static void SwitchStatement(Device d) => Map(d, Switching, (v, i) => (i % 6) switch
    {
        0 or 4 => 1,
        1 or 2 => v,
        5 => -7,
        _ => 9,
    });

    private static void SwitchValue(Index1D i, ArrayView<float> x, ArrayView<float> y) =>
        y[i] = (i.X & 3) switch { 0 => x[i], 1 => -x[i], 2 => 2 * x[i], _ => 0 };

    [Feature]
    public static void SwitchExpression(Device d) => Map(d, SwitchValue, (v, i) => (i & 3) switch
    {
        0 => v,
        1 => -v,
        2 => 2 * v,
        _ => 0,
    });

    private static void Gcd(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int a = i, b = 84;
        while (b != 0)
            (a, b) = (b, a % b);
        y[i] = a;
    }

    [Feature]
    public static void SwappedLoopVariables(Device d) => Map(d, Gcd, (_, i) =>
        (float)System.Numerics.BigInteger.GreatestCommonDivisor(i, 84));

    private static void NanBranches(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float v = i % 3 == 0 ? float.NaN : x[i];
        int r = 0;
        if (v < 0)
            r |= 1;
        if (!(v < 0))
            r |= 2;
        if (v >= 0)
            r |= 4;
        if (!(v >= 0))
            r |= 8;
        float same = v + 0f;
        if (v == same)
            r |= 16;
        if (v != same)
            r |= 32;
        bool less = v < 1, notLess = !(v < 1);
        y[i] = r + (less ? 64 : 0) + (notLess ? 128 : 0);
    }

    [Feature]
    public static void NanGoesTheRightWay(Device d) => Map(d, NanBranches, (v, i) =>
        i % 3 == 0 ? 2 + 8 + 32 + 128 : (v < 0 ? 1 + 8 : 2 + 4) + 16 + (v < 1 ? 64 : 128));

    private static void Triple(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float total = 0;
        for (int a = 0; a < 3; a++)
        {
            float inner = 0;
            for (int b = 0; b < i % 5; b++)
            {
                if (b == 3)
                    continue;
                inner += x[b];
            }

            if (inner > 20)
                break;
            total += inner * (a + 1);
        }

        y[i] = total;
    }

    [Feature]
    public static void ValuesCarriedOutOfLoops(Device d) => Map(d, Triple, (_, i) =>
    {
        float total = 0;
        for (int a = 0; a < 3; a++)
        {
            float inner = 0;
            for (int b = 0; b < i % 5; b++)
                inner += b == 3 ? 0 : s_input[b];
            if (inner > 20)
                break;
            total += inner * (a + 1);
        }

        return total;
    });
}
