using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Identity;

/// <summary>
/// Names all referrals that one agency is given for one key (a host, a series …): 128 bits that follow from tenant, agency and key, written as 26 characters
/// of Crockford base32. It is the shard entity id.
/// </summary>
public readonly record struct ReferralKey(UInt128 Value)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out ReferralKey key)
    {
        var read = ReportId.TryParse(text, out var id);
        key = new ReferralKey(id.Value);
        return read;
    }

    public static ReferralKey Parse(string text) => TryParse(text, out var key) ? key : throw new FormatException("A key of referrals has 26 characters.");

    public override string ToString() => new ReportId(Value).ToString();
}

/// <summary>One referral: its key and its number there, from 1. Written <c>KEY-r2</c>.</summary>
public readonly record struct ReferralRef(ReferralKey Key, int Number)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out ReferralRef referral)
    {
        referral = default;
        if (text is not { Length: >= 29 and <= 36 } || text[26] != '-' || text[27] is not ('r' or 'R') || !ReferralKey.TryParse(text[..26], out var key)
            || !int.TryParse(text.AsSpan(28), System.Globalization.NumberStyles.None, null, out var number) || number < 1)
        {
            return false;
        }

        referral = new ReferralRef(key, number);
        return true;
    }

    public static ReferralRef Parse(string text) => TryParse(text, out var referral) ? referral : throw new FormatException("No id of a referral.");

    public override string ToString() => $"{Key}-r{Number}";
}

/// <summary>A message for the entity of one key of referrals.</summary>
public interface IReferralMessage : IWireMessage
{
    ReferralKey Key { get; }
}
