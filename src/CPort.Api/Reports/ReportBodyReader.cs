using System.Collections.Immutable;
using CPort.Actors.Intake;
using CPort.Actors.Routing;
using CPort.Api.Reading;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;

namespace CPort.Api.Reports;

/// <summary>From the bytes of one report body to a submission, or to everything that is wrong with it. Never throws on any bytes. Thread-safe.</summary>
public sealed class ReportBodyReader(IntakeLimits limits, UrlKeyMaker keys, TimeProvider time)
{
    /// <summary>How far a country that the sender gives is believed, of 100; as <see cref="TraceChain"/> rates it.</summary>

    /// <summary>
    /// Reads. The draft carries <paramref name="context"/>, the id made of its caller and the reference, and neither numbers nor digests yet
    /// (<see cref="ReportIntake"/> adds them).
    /// </summary>
    public IntakeReading Read(ReadOnlySpan<byte> utf8, CommandContext context, CodeGeneration codes)
    {
        if (!StrictJson.TryRead<ReportBody>(utf8, out var body, out var problem))
        {
            return IntakeReading.Bad(problem);
        }

        var fields = new FieldReader(limits, codes, time.GetUtcNow());
        var reference = fields.Reference("hotlineReference", body.HotlineReference, required: true);
        var received = fields.PastDate("hotlineReceivedDate", body.HotlineReceivedDate, required: true);
        var siteType = fields.Code("sourceUrlSiteType", CodeLists.SiteTypes, body.SourceUrlSiteType);
        var commerciality = fields.Code("sourceUrlCommerciality", CodeLists.Commercialities, body.SourceUrlCommerciality);
        var payments = fields.PaymentMethods("sourceUrlPaymentMethods", body.SourceUrlPaymentMethods);
        var secrets = ReadSecrets(fields, body.SourceUrlReferrer, body.SourceUrlUsername, body.SourceUrlPassword, body.Memo, body.ReportingAnalystName);
        var items = ReadEntries(fields, keys, body.Urls, limits.ItemsPerReport);
        if (fields.Problem is { } wrong)
        {
            return IntakeReading.Bad(wrong, reference);
        }

        return IntakeReading.Good(new SubmitReport
        {
            ReportId = ReportId.For(context.Caller.Agency, reference!.Value), Context = context, Reference = reference.Value,
            HotlineReceivedDate = received!.Value, SiteType = siteType, Commerciality = commerciality, PaymentMethods = payments,
            Urgent = body.Urgent == true, Secrets = secrets, ReportNumber = 0, FirstItemNumber = 0, Items = items,
        });
    }

    /// <summary>The report's own confidential fields.</summary>
    public static ReportSecrets ReadSecrets(FieldReader fields, string? referrer, string? userName, string? password, string? memo, string? analyst) => new()
    {
        Referrer = fields.Text("sourceUrlReferrer", referrer, fields.Limits.UrlLength), UserName = fields.Name("sourceUrlUsername", userName),
        Password = fields.Name("sourceUrlPassword", password), Memo = fields.Text("memo", memo), ReportingAnalyst = fields.Name("reportingAnalystName", analyst),
    };

    /// <summary>URL entries of a report or of added items; meaningless when <paramref name="fields"/> has errors afterwards.</summary>
    public static ImmutableArray<SubmittedItem> ReadEntries(FieldReader fields, UrlKeyMaker keys, List<UrlEntryBody?>? entries, int max)
    {
        if (entries is not { Count: > 0 })
        {
            fields.Add("urls", ProblemCodes.Missing, "At least one entry is required.");
            return [];
        }

        if (entries.Count > max)
        {
            fields.Add("urls", ProblemCodes.TooMany, $"There are more than {max} entries; split the report.");
            return [];
        }

        var items = ImmutableArray.CreateBuilder<SubmittedItem>(entries.Count);
        for (var i = 0; i < entries.Count && !fields.IsFull; i++)
        {
            if (ReadEntry(fields, keys, $"urls[{i}]", entries[i]) is { } item)
            {
                items.Add(item);
            }
        }

        return items.ToImmutable();
    }

    private static SubmittedItem? ReadEntry(FieldReader fields, UrlKeyMaker keys, string at, UrlEntryBody? entry)
    {
        if (entry is null)
        {
            fields.Missing(at);
            return null;
        }

        var url = fields.Url($"{at}.urlString", entry.UrlString);
        var reference = fields.Reference($"{at}.hotlineReference", entry.HotlineReference);
        var hosting = fields.Hosting(
            $"{at}.", entry.HostingCountryCode, entry.HostingIpAddress, entry.HostingIsp, entry.HostingOrganization,
            HostingSource.Reported, HostingFacts.ReportedConfidence);
        var memo = fields.Text($"{at}.memo", entry.Memo);
        var isSource = entry.IsSourceUrl is { IsSet: true };
        var type = fields.Code($"{at}.contentType", CodeLists.ContentTypes, entry.ContentType);
        var assessment = fields.Assessment($"{at}.assessment", entry.Assessment, out var assessor);
        var actions = ReadActions(fields, $"{at}.actions", entry.Actions, out var actors);
        var hashes = fields.Hashes($"{at}.hashes", entry.Hashes);
        var mimeType = fields.Name($"{at}.hashes.mimeType", entry.Hashes?.MimeType);
        if (url is null)
        {
            return null;
        }

        var analysts = actors.Prepend(assessor).OfType<string>().Distinct(StringComparer.Ordinal).ToArray();
        return new SubmittedItem
        {
            Secrets = new ItemSecrets { Url = entry.UrlString!, Memo = memo, Analyst = analysts.Length > 0 ? string.Join("; ", analysts) : null },
            UrlKeys = keys.Of(url), Reference = reference, Hosting = hosting, IsSourceUrl = isSource,
            ContentType = type ?? (isSource ? ContentType.Website : ContentType.Media), Assessment = assessment, Actions = actions, Hashes = hashes,
            PdqQuality = entry.Hashes?.PdqQuality, MediaSize = entry.Hashes?.MediaSize, MimeType = mimeType,
        };
    }

    private static ImmutableArray<ActionInput> ReadActions(FieldReader fields, string at, List<ActionBody?>? bodies, out List<string?> analysts)
    {
        analysts = [];
        if (bodies is null)
        {
            return [];
        }

        if (bodies.Count > fields.Limits.ActionsPerItem)
        {
            fields.Add(at, ProblemCodes.TooMany, $"At most {fields.Limits.ActionsPerItem} actions come with an item.");
            return [];
        }

        var actions = ImmutableArray.CreateBuilder<ActionInput>(bodies.Count);
        for (var i = 0; i < bodies.Count; i++)
        {
            if (fields.Action($"{at}[{i}]", bodies[i], out var analyst, dateRequired: true) is { } action)
            {
                actions.Add(action);
            }

            analysts.Add(analyst);
        }

        return actions.ToImmutable();
    }
}
