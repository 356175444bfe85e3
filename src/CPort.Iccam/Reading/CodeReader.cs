namespace CPort.Iccam.Reading;

/// <summary>
/// Codes by ICCAM's v3 numbers and, where v3 has none of that number, by v2's (site type 23, classification 3, action 7). Given to <see cref="FieldReader"/> by
/// name, which both generations share.
/// </summary>
internal static class CodeReader
{
    /// <summary>By what a <see cref="FieldReader"/> has to read what is made here.</summary>
    public const CodeGeneration Generation = CodeGeneration.V2;

    /// <summary>Bytes of an action's reason: an item has twenty actions, and with all of them must fit into a message between nodes.</summary>
    private const int MostOfReason = 10_000;

    /// <summary>Null when nothing is given, which is also said by 0; an unknown code is noted as wrong.</summary>
    public static CodeValue? Of<T>(FieldReader fields, string field, CodeList<T> list, int? number, bool zeroIsNone = true)
        where T : struct, Enum
    {
        if (number is not { } given || (given == 0 && zeroIsNone))
        {
            return null;
        }

        if (list.TryParse(given, CodeGeneration.V3, out var code) || list.TryParse(given, CodeGeneration.V2, out code))
        {
            return new CodeValue(null, code.ToString());
        }

        fields.Add(field, ProblemCodes.UnknownCode, $"This is no {list.Name} of ICCAM v3: {list.Allowed}.");
        return null;
    }

    public static List<CodeValue?>? Payments(FieldReader fields, string field, List<int>? numbers) =>
        numbers is not { Count: > 0 } ? null : [.. numbers.Select(n => Of(fields, field, CodeLists.PaymentMethods, n)).Where(c => c is not null)];

    /// <summary>Null when it says nothing: without a classification there is no assessment.</summary>
    public static AssessmentBody? Assessment(FieldReader fields, string at, AssessmentRequest? given, string analyst) => given?.Classification is null ? null
    : new AssessmentBody
    {
        AssessingAnalystName = PlainText.Line(given.AssessingAnalystName) ?? analyst,
        Classification = Of(fields, $"{at}.classification", CodeLists.Classifications, given.Classification, zeroIsNone: false),
        AgeCategorization = Of(fields, $"{at}.ageCategorization", CodeLists.AgeCategories, given.AgeCategorization),
        GenderCategorization = Of(fields, $"{at}.genderCategorization", CodeLists.GenderCategories, given.GenderCategorization),
        VirtualContentCategorization = new FlagValue(given.VirtualContentCategorization == true),
        UserGeneratedContentCategorization = new FlagValue(given.UserGeneratedContentCategorization == true),
        ChildModelingCategorization = new FlagValue(given.ChildModelingCategorization == true),
    };

    /// <summary>The action with the moment that is meant; without one it was done now.</summary>
    public static ActionBody Action(FieldReader fields, string at, ActionRequest given, HotlineStyle style, string analyst) => new()
    {
        ActionType = Of(fields, $"{at}actionType", CodeLists.ActionTypes, given.ActionType, zeroIsNone: false),
        ActioningAnalystName = PlainText.Line(given.ActioningAnalystName) ?? analyst,
        ActionDate = Date(style.Moment(given.ActionDate, fields.Now) ?? fields.Now),
        ReasonId = Of(fields, $"{at}reasonId", CodeLists.ActionReasons, given.ReasonId), ReasonText = PlainText.Memo(given.ReasonText, MostOfReason),
    };

    public static DateValue Date(DateTimeOffset moment) => new(moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
}
