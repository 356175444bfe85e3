using CPort.Domain.Confidential;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Portal.Police;

/// <summary>What a form that asks for a hold says.</summary>
internal sealed record HoldForm(HoldReason Reason, DateTimeOffset? Until, SecretText? Note)
{
    /// <summary>As browsers write a local time; ours are UTC.</summary>
    public const string Moment = "yyyy-MM-dd'T'HH:mm";

    /// <summary>Null: no reason was chosen, or the end cannot be read.</summary>
    public static HoldForm? Of(Form form) => form.Code<HoldReason>("reason") is not { } reason || !Reads(form.Text("until"), out var until) ? null
        : new HoldForm(reason, until, form.Text("note") is { } note ? new SecretText { Text = note } : null);

    public static bool Reads(string? text, out DateTimeOffset? at)
    {
        at = null;
        if (text is null)
        {
            return true;
        }

        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var read))
        {
            return false;
        }

        at = read;
        return true;
    }

    public RequestHold Command(ReportId report, CommandContext context, ImmutableArray<ItemTarget> items) =>
        new() { ReportId = report, Context = context, Items = items, Reason = Reason, Until = Until, Note = Note };
}
