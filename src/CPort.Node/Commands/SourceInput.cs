using System.CommandLine;
using CPort.Domain.Text;

namespace CPort.Node.Commands;

/// <summary>
/// What a command sends: a file, a pipe, or stdin, and where is kept how far it has come. The one place that opens such a source, for reports as for hashes.
/// </summary>
internal sealed class SourceInput
{
    private readonly Option<bool> _resume = new("--resume") { Description = "Go on where an earlier run of this file stopped." };
    private readonly Option<string?> _resumeFile = new("--resume-file")
        { Description = "Where it is kept how far the file has been sent (default: FILE.resume; of a pipe nothing is kept)." };

    private SourceInput()
    {
    }

    /// <summary>Adds the options to a command.</summary>
    public static SourceInput AddTo(Command command)
    {
        var input = new SourceInput();
        command.Options.Add(input._resume);
        command.Options.Add(input._resumeFile);
        return input;
    }

    /// <summary>A source that is open, at its first byte or where an earlier run stopped (<paramref name="Options"/>).</summary>
    /// <param name="Stream">To be read forwards.</param>
    /// <param name="Head">Its first bytes.</param>
    /// <param name="Length">Of a file.</param>
    /// <param name="Options">With what to resume by.</param>
    public sealed record Opened(Stream Stream, ReadOnlyMemory<byte> Head, long? Length, LineStreamOptions Options) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Stream.DisposeAsync();
    }

    /// <summary>
    /// Opens a file, or stdin for <c>-</c>. Lines are counted on by bytes when <paramref name="byBytes"/>, else the reader skips what was sent. Throws <see
    /// cref="CommandException"/> when it is another file than before, or one that nobody can read.
    /// </summary>
    public async Task<Opened> OpenAsync(ParseResult parsed, string path, LineStreamOptions options, bool byBytes, CancellationToken cancellation)
    {
        Stream file = path == "-" ? Console.OpenStandardInput()
            : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan | FileOptions.Asynchronous);
        try
        {
            var head = new byte[FileHead.Length];
            head = head[..await file.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, cancellation)];
            if (FileHead.Packed(head) is { } packed)
            {
                throw new CommandException(ExitCodes.Usage, packed);
            }

            options = options with { LineEnd = FileHead.LineEnd(head) };
            if (!file.CanSeek || (byBytes && FileHead.Wide(head) is not null))
            {
                return parsed.GetValue(_resume)
                    ? throw new CommandException(ExitCodes.Usage, "--resume needs a file of single bytes; a pipe can simply be sent again.")
                    : new Opened(new PrefixedStream(head, file), head, null, options);
            }

            file.Position = 0;
            var source = new SourceFile(file);
            options = WithResume(parsed, options, path) with { Source = () => source.Fingerprint };
            if (parsed.GetValue(_resume) && ResumePoint.Load(options.ResumeFile!) is { } point)
            {
                options = await source.GoOnAsync(point, byBytes ? point.Offset : 0, cancellation)
                    ? options with { ResumeFrom = point }
                    : throw Another(options);
            }

            return new Opened(source, head, file.Length, options);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>For a source of several files, told by its fingerprint as a whole.</summary>
    public LineStreamOptions Resume(ParseResult parsed, string path, string fingerprint, LineStreamOptions options)
    {
        options = WithResume(parsed, options, path) with { Source = () => fingerprint };
        return !parsed.GetValue(_resume) || ResumePoint.Load(options.ResumeFile!) is not { } point ? options
            : point.Source == fingerprint ? options with { ResumeFrom = point }
            : throw Another(options);
    }

    private LineStreamOptions WithResume(ParseResult parsed, LineStreamOptions options, string path) => options with
    {
        ResumeFile = parsed.GetValue(_resumeFile) ?? path + ".resume",
        NotKept = why => NodeConnection.Say($"How far it has come cannot be kept ({why}): --resume-file names another place."),
    };

    private static CommandException Another(LineStreamOptions options) =>
        new(ExitCodes.Usage, $"{options.ResumeFile} belongs to another file; delete it to start over.");
}
