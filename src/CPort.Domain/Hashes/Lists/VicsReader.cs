using System.Runtime.CompilerServices;

namespace CPort.Domain.Hashes.Lists;

/// <summary>
/// VICS 1.x and 2.0 (domain.md 5.4). The file is first cut into media records by following brackets and quotes only, each record is then read by
/// <see cref="VicsRecord"/>: so a record may be broken in itself without harm to the others, and only one record is in memory. When the brackets themselves are
/// broken, reading goes on at the next object that begins as the records before it did.
/// </summary>
internal static class VicsReader
{
    public static async IAsyncEnumerable<HashListRowResult> ReadAsync(
        Stream file, HashListFormat? expected, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var window = new ByteWindow(file);
        var framer = new VicsFramer();
        VicsContext? context = null;
        long number = 0;
        while (true)
        {
            var step = framer.Next(window.Data, window.Ended, out var length);
            switch (step)
            {
                case VicsFramer.Step.More:
                    window.Consume(length);
                    await window.FillAsync(cancellation);
                    break;
                case VicsFramer.Step.Again:
                    window.Consume(length);
                    break;
                case VicsFramer.Step.Context:
                    window.Consume(length);
                    context = VicsContext.Parse(framer.Context, expected);
                    framer.HasCases = context.IsCases;
                    break;
                case VicsFramer.Step.Record:
                    number++;
                    yield return VicsRecord.Read(number, window.Data[..length], context!);
                    window.Consume(length);
                    break;
                case VicsFramer.Step.Broken:
                    number++;
                    yield return HashListRowResult.Rejected(number, framer.Reason);
                    window.Consume(length);
                    break;
                default:
                    if (context is null)
                    {
                        throw new HashListFormatException("The JSON is no VICS file: no \"@odata.context\" or \"odata.metadata\" stands before its records.");
                    }

                    yield break;
            }
        }
    }
}

/// <summary>What the odata context says: generation, country context, and whether records stand in cases.</summary>
internal sealed record VicsContext(int Generation, string Context, bool IsCases)
{
    public static VicsContext Parse(string text, HashListFormat? expected)
    {
        // http://github.com/…/DataModels/2.0.xml/US/$metadata#Media, or …/DataModels/1.3.xml#Cases
        var fragment = text[(text.LastIndexOf('#') + 1)..];
        var models = text.IndexOf("DataModels/", StringComparison.OrdinalIgnoreCase);
        var isCases = fragment.StartsWith("Cases", StringComparison.OrdinalIgnoreCase);
        if (models < 0 || (!isCases && !fragment.StartsWith("Media", StringComparison.OrdinalIgnoreCase)))
        {
            throw new HashListFormatException("The odata context is not one of VICS: …/DataModels/{version}.xml… with #Media or #Cases expected.");
        }

        var version = text.AsSpan(models + 11);
        var generation = version.StartsWith("2.") ? 2 : version.StartsWith("1.") ? 1
            : throw new HashListFormatException("The VICS version is neither 1.x nor 2.x.");
        (generation == 1 ? HashListFormat.Vics1 : HashListFormat.Vics2).MustBe(expected);
        var parts = text[models..].Split('/');
        var country = parts.Length > 2 && !parts[2].StartsWith('$') ? parts[2].ToUpperInvariant() : "DEFAULT";
        return new VicsContext(generation, country == "GB" ? "UK" : country, isCases);
    }
}
