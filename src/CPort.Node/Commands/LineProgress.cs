using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>Shows a stream of lines on stderr: a bar on a terminal, a line every five seconds in a log.</summary>
internal static class LineProgress
{
    /// <summary>
    /// Runs <paramref name="work"/> with a progress to report to. <paramref name="total"/>: end of the source in the progress's offset, when known.
    /// </summary>
    public static Task<StreamProgress> ShowAsync(string title, long? total, Func<IProgress<StreamProgress>,
        Task<StreamProgress>> work) =>
        ShowAsync(title, total, null, work);

    /// <summary>As above; <paramref name="share"/> says which share of the source has been read, 0 to 1. Null: not known.</summary>
    public static Task<StreamProgress> ShowShareAsync(string title, Func<double>? share, Func<IProgress<StreamProgress>,
        Task<StreamProgress>> work) =>
        ShowAsync(title, share is null ? null : 1_000_000, share, work);

    private static async Task<StreamProgress> ShowAsync(
        string title, long? total, Func<double>? share, Func<IProgress<StreamProgress>, Task<StreamProgress>> work)
    {
        var console = NodeConnection.Errors;
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Out.IsTerminal)
        {
            var last = TimeSpan.Zero;
            return await work(new Callback(p =>
            {
                if (p.Elapsed - last >= TimeSpan.FromSeconds(5))
                {
                    last = p.Elapsed;
                    var read = share is not null ? share() : total > 0 ? (double)p.Offset / total.Value : 0;
                    console.WriteLine($"{title}: {Describe(p)}{Left(p, read)}");
                }
            }));
        }

        StreamProgress? result = null;
        await console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(title.EscapeMarkup(), maxValue: Math.Max(1, total ?? 1));
                task.IsIndeterminate = total is null;
                result = await work(new Callback(p =>
                {
                    task.Value = share is null ? p.Offset : share() * task.MaxValue;
                    task.Description = $"{title}: {Describe(p)}".EscapeMarkup();
                }));
            });
        return result!;
    }

    /// <summary>The table of outcomes and reasons at the end, on stdout.</summary>
    public static void Summarize(StreamProgress result, IEnumerable<(string Name, long Count)> more)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("outcome").AddColumn(new TableColumn("lines").RightAligned());
        foreach (var (name, count) in result.Outcomes.OrderByDescending(p => p.Value).Select(p => (p.Key, p.Value))
            .Concat(more.Where(m => m.Count > 0)))
        {
            table.AddRow(name.EscapeMarkup(), count.ToString("N0", System.Globalization.CultureInfo.InvariantCulture));
        }

        foreach (var (reason, count) in result.Reasons.OrderByDescending(p => p.Value).Take(20))
        {
            table.AddRow($"  [grey]{reason.EscapeMarkup()}[/]", $"[grey]{count:N0}[/]");
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{result.Answered:N0} lines, {result.Elapsed.TotalSeconds:0.0} s, {result.LinesPerSecond:N0} lines/s, "
            + $"{result.Retries} requests sent again"));
    }

    private static string Describe(StreamProgress p) =>
        FormattableString.Invariant($"{p.Answered:N0} lines ({string.Join(", ", p.Outcomes.Select(o => $"{o.Value:N0} {o.Key}"))}), {p.LinesPerSecond:N0}/s")
        + (p.Retries > 0 ? $", {p.Retries} sent again" : "");

    private static string Left(StreamProgress p, double share) =>
        share is <= 0.001 or >= 1 ? "" : FormattableString.Invariant($", {share:0 %}, about {p.Elapsed.TotalSeconds * (1 - share) / share:N0} s left");

    // Progress<T> would report from the thread pool, out of order.
    private sealed class Callback(Action<StreamProgress> report) : IProgress<StreamProgress>
    {
        public void Report(StreamProgress value) => report(value);
    }
}
