using System.Collections.Frozen;

namespace CPort.Iccam.Endpoints;

/// <summary>Codes as ICCAM names them to people; those that are not here by the words of their own name.</summary>
internal static class CodeNames
{
    private static readonly FrozenDictionary<Enum, string> Names = new Dictionary<Enum, string>
    {
        [Classification.Baseline] = "Baseline CSAM", [Classification.National] = "National CSAM", [Classification.NotIllegal] = "Ignore",
        [AgeCategory.NotDetermined] = "Not categorised", [AgeCategory.PrePubescent] = "Pre-pubescent", [Commerciality.NonCommercial] = "Non-Commercial",
        [PaymentMethod.Amex] = "AMEX", [PaymentMethod.Sms] = "SMS", [PaymentMethod.Email] = "EMAIL",
        [ActionType.ReportedToLea] = "ReportedToLEA", [ActionType.ReportedToIsp] = "ReportedToISP", [ActionType.NotIllegal] = "NotIllegal",
    }.ToFrozenDictionary();

    public static string Of<T>(T code)
        where T : struct, Enum => Names.GetValueOrDefault(code)
        ?? string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $" {c}" : $"{c}"));
}
