using CPort.Actors.Routing;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;

namespace CPort.Api.Reports;

/// <summary>From the bytes of one report body to a submission, or to everything that is wrong with it. Never throws on any bytes. Thread-safe.</summary>
public sealed class ReportBodyReader(IntakeLimits limits, UrlKeyMaker keys, ConfidentialSeam seam, TimeProvider time)
{
    /// <summary>How far a country that the sender gives is believed, of 100; as <see cref="TraceChain"/> rates it.</summary>

    /// <summary>
    /// Reads. The draft carries <paramref name="context"/>, the id made of its caller and the reference, and neither numbers nor digests yet (<see
    /// cref="ReportIntake"/> adds them).
    /// </summary>
    public IntakeReading Read(ReadOnlySpan<byte> utf8, CommandContext context, CodeGeneration codes)
    {
        if (!StrictJson.TryRead<ReportBody>(utf8, limits, out var body, out var problem))
        {
            return IntakeReading.Bad(problem);
        }

        return Read(body, context, codes, involved: null);
    }

    /// <summary>As above, from a body that came by another wire; <paramref name="involved"/>: what a provider says of people.</summary>
    public IntakeReading Read(ReportBody body, CommandContext context, CodeGeneration codes, Involved? involved)
    {
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
            ReportId = ReportIds.Of(seam, context.Caller.Tenant, context.Caller.Agency, reference!.Value), Context = context, Reference = reference.Value,
            HotlineReceivedDate = received!.Value, SiteType = siteType, Commerciality = commerciality, PaymentMethods = payments,
            Urgent = body.Urgent == true, Secrets = secrets with { Involved = involved }, ReportNumber = 0, FirstItemNumber = 0, Items = items,
        }) with { LeftOut = fields.LeftOut };
    }

    /// <summary>The report's own confidential fields.</summary>
    public static ReportSecrets ReadSecrets(FieldReader fields, string? referrer, string? userName, string? password, string? memo, string? analyst) => new()
    {
        Referrer = fields.Text("sourceUrlReferrer", referrer, fields.Limits.UrlLength), UserName = fields.Name("sourceUrlUsername", userName),
        Password = fields.Name("sourceUrlPassword", password), Memo = fields.Text("memo", memo),
            ReportingAnalyst = fields.Name("reportingAnalystName", analyst),
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
            if (entries[i] is not { } entry)
            {
                fields.Missing($"urls[{i}]");
                continue;
            }

            fields.Enter("urls", i);
            if (entry.Read(fields, keys) is { } item)
            {
                items.Add(item);
            }

            fields.Leave();
        }

        return items.DrainToImmutable();
    }
}
