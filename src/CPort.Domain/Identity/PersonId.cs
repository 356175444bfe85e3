using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CPort.Domain.Identity;

/// <summary>
/// A person's id: 80 random bits, written <c>p-</c> and 16 characters of lower-case Crockford base32. It stands where a key's id stands (events, claims,
/// audit), says nothing of who it is, and is never given out twice; no key's id looks like it.
/// </summary>
public readonly record struct PersonId
{
    private const string Prefix = "p-";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Digits = 16;

    private readonly string? _value;

    private PersonId(string value) => _value = value;

    public string Value => _value ?? "";

    /// <summary>The 80 bits as a number: the place under which what is personal about them is sealed (<c>PersonSecrets</c>).</summary>
    public UInt128 Number => Value.Skip(Prefix.Length).Aggregate(UInt128.Zero, (number, c) => (number << 5) | (uint)Alphabet.IndexOf(c));

    public static PersonId New() => new(Prefix + RandomNumberGenerator.GetString(Alphabet, Digits));

    public static bool TryParse([NotNullWhen(true)] string? text, out PersonId id)
    {
        var good = text is { Length: 2 + Digits } && text.StartsWith(Prefix, StringComparison.Ordinal) && text.Skip(Prefix.Length).All(Alphabet.Contains);
        id = good ? new PersonId(text!) : default;
        return good;
    }

    public static PersonId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("A person's id is 'p-' and 16 characters of lower-case Crockford base32.");

    public override string ToString() => Value;
}
