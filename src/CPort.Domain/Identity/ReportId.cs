using System.Diagnostics.CodeAnalysis;
using CPort.Domain.Text;

namespace CPort.Domain.Identity;

/// <summary>
/// A report's identity: 128 bits that follow from its hotline and reference (<c>ReportIds</c>), written as 26 characters of Crockford base32.
/// </summary>
public readonly record struct ReportId(UInt128 Value) : IComparable<ReportId>
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>Reads 26 Crockford base32 characters in either case; I and L read as 1, O as 0.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ReportId id)
    {
        id = default;
        if (text is not { Length: 26 })
        {
            return false;
        }

        UInt128 value = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = char.ToUpperInvariant(text[i]);
            c = c switch { 'I' or 'L' => '1', 'O' => '0', _ => c };
            var digit = Alphabet.IndexOf(c);
            if (digit < 0 || (i == 0 && digit > 7))
            {
                return false;
            }

            value = (value << 5) | (uint)digit;
        }

        id = new ReportId(value);
        return true;
    }

    public static ReportId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("A report id is 26 characters of Crockford base32.");

    public int CompareTo(ReportId other) => Value.CompareTo(other.Value);

    public override string ToString() => string.Create(26, Value, static (chars, value) =>
    {
        for (var i = chars.Length - 1; i >= 0; i--)
        {
            chars[i] = Alphabet[(int)(uint)(value & 31)];
            value >>= 5;
        }
    });
}

/// <summary>
/// A hotline's own name for a report or item: 1 to 200 characters, no control characters, unique per hotline and report. Kept in Unicode's normal form C
/// without characters that show nothing: what reads the same is the same name, from whatever system it was copied.
/// </summary>
public readonly record struct HotlineReference
{
    public const int MaxLength = 200;

    private readonly string? _value;

    private HotlineReference(string value) => _value = value;

    public string Value => _value ?? "";

    public static bool TryParse([NotNullWhen(true)] string? text, out HotlineReference reference)
    {
        reference = default;
        // A lone half of a surrogate pair has no UTF-8 form: stored and hashed it would become another reference.
        if (text is not { Length: >= 1 and <= 4 * MaxLength } || !IsWellFormed(text))
        {
            return false;
        }

        var name = NormalForm.Visible(text).Trim();
        if (name is not { Length: >= 1 and <= MaxLength } || name.Any(char.IsControl))
        {
            return false;
        }

        reference = new HotlineReference(name);
        return true;
    }

    private static bool IsWellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    public static HotlineReference Parse(string text) =>
        TryParse(text, out var r) ? r : throw new FormatException($"A hotline reference is 1 to {MaxLength} characters without control characters.");

    public override string ToString() => Value;
}

/// <summary>One hold of a report: the report and its number there, which does not count. Written <c>REPORTID-h482113</c>.</summary>
public readonly record struct HoldRef(ReportId Report, int Number)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out HoldRef hold)
    {
        hold = default;
        if (text is not { Length: >= 29 and <= 34 } || text[26] != '-' || text[27] is not ('h' or 'H') || !ReportId.TryParse(text[..26], out var report)
            || !int.TryParse(text.AsSpan(28), System.Globalization.NumberStyles.None, null, out var number) || number < 1)
        {
            return false;
        }

        hold = new HoldRef(report, number);
        return true;
    }

    public override string ToString() => $"{Report}-h{Number}";
}

/// <summary>One question of police about a report: the report and its number there, which does not count. Written <c>REPORTID-q482113</c>.</summary>
public readonly record struct QuestionRef(ReportId Report, int Number)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out QuestionRef question)
    {
        question = default;
        if (text is not { Length: >= 29 and <= 34 } || text[26] != '-' || text[27] is not ('q' or 'Q') || !ReportId.TryParse(text[..26], out var report)
            || !int.TryParse(text.AsSpan(28), System.Globalization.NumberStyles.None, null, out var number) || number < 1)
        {
            return false;
        }

        question = new QuestionRef(report, number);
        return true;
    }

    public override string ToString() => $"{Report}-q{Number}";
}

/// <summary>One content item: the report it stands in and its ordinal there, from 1. Written <c>REPORTID-3</c>.</summary>
public readonly record struct ItemRef(ReportId Report, int Ordinal) : IComparable<ItemRef>
{
    public static bool TryParse([NotNullWhen(true)] string? text, out ItemRef item)
    {
        item = default;
        if (text is not { Length: >= 28 and <= 34 } || text[26] != '-' || !ReportId.TryParse(text[..26], out var report)
            || !int.TryParse(text.AsSpan(27), System.Globalization.NumberStyles.None, null, out var ordinal) || ordinal < 1)
        {
            return false;
        }

        item = new ItemRef(report, ordinal);
        return true;
    }

    public int CompareTo(ItemRef other) => Report.CompareTo(other.Report) is var c and not 0 ? c : Ordinal.CompareTo(other.Ordinal);

    public override string ToString() => $"{Report}-{Ordinal}";
}
