using CPort.Domain.Confidential;

namespace CPort.Domain.Reports;

/// <summary>
/// Turns the confidential parts of a command from clear text to sealed form, before the rules see it. Together with <see cref="ReportViews"/>, which
/// opens them for answers, it is the report's only use of the seam.
/// </summary>
internal static class ReportSealing
{
    public static IReportCommand Seal(ConfidentialSeam seam, Report report, IReportCommand command)
    {
        if (command is SubmitReport submit)
        {
            // A re-sent report is compared by digests; there is nothing to seal.
            return report.Exists ? submit : SealSubmission(seam, submit);
        }

        if (report.DataKey is not { } key)
        {
            return command;
        }

        Sealed? Text(SecretText? text) => text is null ? null : seam.Seal(key, text);
        return command switch
        {
            AddItems c => c with { Items = [.. c.Items.Select(i => SealItem(seam, key, i))] },
            AmendReport { Secrets: { } amended } c => c with { Secrets = null, SealedSecrets = seam.Seal(key, Merge(seam, report, amended)) },
            WithdrawReport c => c with { Reason = null, SealedReason = Text(c.Reason) },
            CorrectAssessment c => c with { Why = null, SealedWhy = Text(c.Why) },
            RecordActions c => c with { Action = SealAction(seam, key, c.Action) },
            AddMemo c => c with { Text = null, SealedText = Text(c.Text) },
            _ => command,
        };
    }

    private static SubmitReport SealSubmission(ConfidentialSeam seam, SubmitReport submit)
    {
        var key = seam.NewDataKey();
        return submit with
        {
            DataKey = key, Secrets = null,
            SealedSecrets = submit.Secrets is { } secrets ? seam.Seal(key, secrets) : null,
            Items = [.. submit.Items.Select(i => SealItem(seam, key, i))],
        };
    }

    private static SubmittedItem SealItem(ConfidentialSeam seam, WrappedKey key, SubmittedItem item) => item with
    {
        Secrets = null,
        SealedSecrets = item.Secrets is { } secrets ? seam.Seal(key, secrets) : null,
        Actions = [.. item.Actions.Select(a => SealAction(seam, key, a))],
    };

    private static ActionInput SealAction(ConfidentialSeam seam, WrappedKey key, ActionInput action) =>
        action with { ReasonText = null, SealedReasonText = action.ReasonText is { } text ? seam.Seal(key, text) : null };

    /// <summary>Only what the amendment names is changed.</summary>
    private static ReportSecrets Merge(ConfidentialSeam seam, Report report, ReportSecrets amended)
    {
        var before = report.Secrets is { } held ? seam.Open<ReportSecrets>(report.DataKey!, held) : new ReportSecrets();
        return new ReportSecrets
        {
            Referrer = amended.Referrer ?? before.Referrer, UserName = amended.UserName ?? before.UserName,
            Password = amended.Password ?? before.Password, Memo = amended.Memo ?? before.Memo,
            ReportingAnalyst = amended.ReportingAnalyst ?? before.ReportingAnalyst,
        };
    }
}
