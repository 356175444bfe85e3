using System.Diagnostics.Tracing;
using System.Globalization;
using System.Text;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing.Etlx;
using Microsoft.Diagnostics.Tracing.EventPipe;
using Microsoft.Diagnostics.Tracing.Parsers;

namespace CPort.Bench.Load;

/// <summary>
/// Samples the stacks of the node's threads while the stream runs and says where its managed code was. Native code (SQLite, cryptography) and waiting
/// are left out: the sampler cannot tell them apart.
/// </summary>
internal sealed class NodeProfile : IAsyncDisposable
{
    private readonly EventPipeSession _session;
    private readonly Task _copy;
    private readonly string _file;

    private NodeProfile(EventPipeSession session, string file)
    {
        (_session, _file) = (session, file);
        _copy = CopyAsync();
    }

    public static NodeProfile Start(int pid, string file) => new(
        new DiagnosticsClient(pid).StartEventPipeSession(
            [
                new EventPipeProvider("Microsoft-DotNETCore-SampleProfiler", EventLevel.Informational),
                new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, (long)ClrTraceEventParser.Keywords.Default),
            ],
            requestRundown: true, circularBufferMB: 512),
        file);

    /// <summary>Ends sampling and answers the hottest frames as text: share of samples in which a method ran itself, and with what it called.</summary>
    public async Task<string> FinishAsync(int rows)
    {
        await _session.StopAsync(CancellationToken.None);
        await _copy;
        var own = new Dictionary<string, int>(StringComparer.Ordinal);
        var whole = new Dictionary<string, int>(StringComparer.Ordinal);
        var samples = 0;
        using (var log = new TraceLog(TraceLog.CreateFromEventPipeDataFile(_file)))
        {
            foreach (var e in log.Events)
            {
                // 1: outside managed code (waiting, SQLite, the kernel); 2: managed code ran.
                if (e.ProviderName != "Microsoft-DotNETCore-SampleProfiler" || e.EventData() is not [2, ..] || e.CallStack() is not { } top)
                {
                    continue;
                }

                var seen = new HashSet<string>(StringComparer.Ordinal);
                var leaf = Name(top);
                samples++;
                own[leaf] = own.GetValueOrDefault(leaf) + 1;
                for (var frame = top; frame is not null; frame = frame.Caller)
                {
                    if (seen.Add(Name(frame)))
                    {
                        whole[Name(frame)] = whole.GetValueOrDefault(Name(frame)) + 1;
                    }
                }
            }
        }

        var text = new StringBuilder();
        foreach (var (title, counts) in new[] { ("itself", own), ("with what it calls", whole) })
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{samples} samples; share {title}:");
            foreach (var (name, count) in counts.OrderByDescending(c => c.Value).Take(rows))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{100.0 * count / Math.Max(1, samples),6:0.0} %  {name}");
            }
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        _session.Dispose();
        await ((Task)_copy).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task CopyAsync()
    {
        await using var file = File.Create(_file);
        await _session.EventStream.CopyToAsync(file);
    }

    private static string Name(TraceCallStack frame) => $"{frame.CodeAddress.ModuleName}!{frame.CodeAddress.FullMethodName}";
}
