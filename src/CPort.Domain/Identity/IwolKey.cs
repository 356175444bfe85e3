using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Identity;

/// <summary>
/// Names a registrable domain that is proposed for INTERPOL's "worst of" list: 128 bits that follow from tenant and domain, keyed, so that who sees it guesses
/// no domain; written as 26 characters of Crockford base32. It is the shard entity id.
/// </summary>
public readonly record struct IwolKey(UInt128 Value)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out IwolKey key)
    {
        var read = ReportId.TryParse(text, out var id);
        key = new IwolKey(id.Value);
        return read;
    }

    public static IwolKey Parse(string text) => TryParse(text, out var key) ? key : throw new FormatException("A candidate's id has 26 characters.");

    public override string ToString() => new ReportId(Value).ToString();
}

/// <summary>A message for the entity of one candidate.</summary>
public interface IIwolMessage : IWireMessage
{
    IwolKey Key { get; }
}

/// <summary>A message for the list.</summary>
public interface IIwolListMessage : IWireMessage;
