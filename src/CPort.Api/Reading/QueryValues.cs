using System.Globalization;
using CPort.Actors.Projections;

namespace CPort.Api.Reading;

/// <summary>
/// Values of the query string. Every list pages in one way: <c>maxResults</c>, <c>cursor</c>, and <c>nextCursor</c> in the answer. What cannot be used is 422
/// with the parameter's name, as a body's field would be; only a cursor that is none of this list is 400.
/// </summary>
internal static class QueryValues
{
    /// <summary>Rows of a page: as many as a page can have when nothing is said.</summary>
    public static int MaxResults(string? text) =>
        string.IsNullOrEmpty(text) ? ReadModel.MaxResults
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var max) && max is >= 1 and <= ReadModel.MaxResults ? max
        : throw ApiProblemException.OfField("maxResults", ProblemCodes.OutOfRange, $"A whole number from 1 to {ReadModel.MaxResults} is expected.");

    public static DateTimeOffset? Date(string name, string? text) =>
        string.IsNullOrEmpty(text) ? null
        : FieldReader.TryDate(text, out var date) ? date
        : throw ApiProblemException.OfField(name, ProblemCodes.MalformedDate, FieldReader.DateForm);
}
