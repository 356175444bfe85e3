using CPort.IccamClient.Our;
using CPort.IccamClient.Reading;

namespace CPort.IccamClient.Planning;

/// <summary>Whether a word stands in ICCAM already, by what <c>GET rest/Content</c> lists. Pure.</summary>
public static class Standing
{
    /// <summary>What is counted before an action is sent, so that afterwards it can be told whether it came.</summary>
    public static int Count(Word word, ContentAnswer content) =>
        word.Action is { } action ? (content.Actions ?? []).Count(a => a.ActionType == action.Type) : 0;

    /// <param name="before">What <see cref="Count"/> was when it was sent first; null: it was not sent yet.</param>
    public static bool Stands(Word word, ContentAnswer content, int? before) => word.Kind switch
    {
        WordKind.Reference => word.Generated ? !string.IsNullOrWhiteSpace(content.HotlineReference) : content.HotlineReference == word.Text,
        WordKind.Assessment => (content.Assessments ?? []).LastOrDefault() is { } last && Same(word.Assessment!, last),
        WordKind.Action => (content.Actions ?? []).Any(a => Same(word.Action!, a)) || (before is { } count && Count(word, content) > count),
        WordKind.Move => ContentReader.CountryOf(content.AssignedCountryCode)?.Code == word.Text,
        _ => false,
    };

    private static bool Same(OurAssessment ours, ContentAssessment theirs) =>
        (ours.Classification, ours.Age, ours.Gender, ours.Virtual, ours.UserGenerated, ours.Modeling)
        == (theirs.Classification, theirs.AgeCategorization, theirs.GenderCategorization, theirs.VirtualContentCategorization != 0,
            theirs.UserGeneratedContentCategorization != 0, theirs.ChildModelingCategorization != 0);

    /// <summary>The same done at the same second; or what can be done once, by whomever.</summary>
    private static bool Same(OurAction ours, ContentAction theirs) => ours.Type == theirs.ActionType
        && (Ends((ActionType)ours.Type) || ours.Date.ToUnixTimeSeconds() == theirs.ActionDate.ToUnixTimeSeconds());

    private static bool Ends(ActionType type) => ActionTypes.All.Any(r => r.Type == type && r.Closes is not null);
}
