using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Text;

/// <summary>Classes of the bidirectional algorithm, as far as rules for host names tell them apart.</summary>
internal enum BidiClass
{
    L,
    R,
    AL,
    AN,
    EN,
    ES,
    CS,
    ET,
    ON,
    BN,
    NSM,

    /// <summary>Any other, which no label of a name that is written right to left may have.</summary>
    X,
}

/// <summary>
/// What Unicode says of code points, from the program's own tables (Data/README.md). Not .NET's: normalisation does nothing there without ICU, which containers
/// lack, and what ICU says changes with the machine, while keyed hashes and report ids are made of the result.
/// </summary>
internal static class UnicodeData
{
    /// <summary>UTS 46: null for disallowed, "" for ignored, else what takes its place. What is not named is valid.</summary>
    public static CodePoints<string?> Idna { get; }

    /// <summary>Full canonical decompositions; those of Hangul follow from a formula.</summary>
    public static CodePoints<int[]> Decompositions { get; }

    /// <summary>Canonical combining classes but 0.</summary>
    public static CodePoints<int> Combining { get; }

    /// <summary>Combining marks of every kind.</summary>
    public static CodePoints<bool> Marks { get; }

    /// <summary>Bidirectional classes but L.</summary>
    public static CodePoints<BidiClass> Bidi { get; }

    /// <summary>Joining types L, D, R and T.</summary>
    public static CodePoints<char> Joining { get; }

    /// <summary>What shows nothing: zero-width spaces and joiners, fillers, marks of direction, variation selectors.</summary>
    public static CodePoints<bool> Ignorable { get; }

    private static readonly FrozenDictionary<(int First, int Second), int> Compositions;

    static UnicodeData()
    {
        using var resource = typeof(UnicodeData).Assembly.GetManifestResourceStream("CPort.Domain.unicode.txt")!;
        using var reader = new StreamReader(resource, Encoding.UTF8);
        var sections = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('@'))
            {
                sections[line[1..line.IndexOf(':', StringComparison.Ordinal)]] = lines = [];
            }
            else
            {
                lines.Add(line);
            }
        }

        Idna = new(sections["idna"], v => v switch { "!" => null, "-" => "", _ => string.Concat(Codes(v).Select(char.ConvertFromUtf32)) });
        Decompositions = new(sections["decomposition"], Codes);
        Combining = new(sections["combining"], v => int.Parse(v, CultureInfo.InvariantCulture));
        Marks = new(sections["mark"], _ => true);
        Bidi = new(sections["bidi"], Enum.Parse<BidiClass>);
        Joining = new(sections["joining"], v => v[0]);
        Ignorable = new(sections["ignorable"], _ => true);
        Compositions = sections["composition"].Select(Codes).ToFrozenDictionary(c => (c[0], c[1]), c => c[2]);
    }

    /// <summary>The primary composite of two code points, but of Hangul.</summary>
    public static bool TryCompose(int first, int second, out int composed) => Compositions.TryGetValue((first, second), out composed);

    private static int[] Codes(string text) => [.. text.Split(' ').Select(CodePoints.Hex)];
}

/// <summary>Values that runs of code points have, found by bisection.</summary>
internal sealed class CodePoints<T>
{
    private readonly int[] _first;
    private readonly int[] _last;
    private readonly T[] _values;

    /// <summary>Lines <c>first[-last][ value]</c> in order.</summary>
    public CodePoints(List<string> lines, Func<string, T> read)
    {
        (_first, _last, _values) = (new int[lines.Count], new int[lines.Count], new T[lines.Count]);
        for (var i = 0; i < lines.Count; i++)
        {
            var (run, value) = lines[i].IndexOf(' ', StringComparison.Ordinal) is var blank and >= 0
                ? (lines[i][..blank], lines[i][(blank + 1)..])
                : (lines[i], "");
            var dash = run.IndexOf('-', StringComparison.Ordinal);
            _first[i] = CodePoints.Hex(dash < 0 ? run : run[..dash]);
            _last[i] = CodePoints.Hex(run[(dash + 1)..]);
            _values[i] = read(value);
        }
    }

    /// <summary>False, with the type's default, where nothing is named.</summary>
    public bool TryGet(int code, [MaybeNull] out T value)
    {
        var at = Array.BinarySearch(_first, code);
        at = at >= 0 ? at : ~at - 1;
        var found = at >= 0 && code <= _last[at];
        value = found ? _values[at] : default;
        return found;
    }

    public T? this[int code] => TryGet(code, out var value) ? value : default;

    public bool Contains(int code) => TryGet(code, out _);
}

/// <summary>Code points in tables.</summary>
internal static class CodePoints
{
    public static int Hex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Of well-formed text; a lone surrogate gives U+FFFD.</summary>
    public static int[] Of(string text)
    {
        var codes = new int[text.Length];
        var count = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            codes[count++] = rune.Value;
        }

        return codes[..count];
    }

    public static string Text(ReadOnlySpan<int> codes)
    {
        var text = new StringBuilder(codes.Length);
        foreach (var code in codes)
        {
            text.Append(new Rune(code).ToString());
        }

        return text.ToString();
    }
}
