namespace CPort.Node.Client;

/// <summary>How far a source has been answered without a gap. Small JSON file beside the source; holds no content of it.</summary>
public sealed record ResumePoint
{
    /// <summary>What the source was, see <see cref="SourceFile.Fingerprint"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Bytes of a file, or rows of a parsed list.</summary>
    public required long Offset { get; init; }
    public required long Line { get; init; }
    public Dictionary<string, long> Outcomes { get; init; } = [];
    public Dictionary<string, long> Reasons { get; init; } = [];
    public long LeftOut { get; init; }

    /// <summary>The point in a file, or null when there is no file. Throws <see cref="InvalidDataException"/> on a damaged one.</summary>
    public static ResumePoint? Load(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<ResumePoint>(File.ReadAllBytes(path), JsonSerializerOptions.Web)
                ?? throw new InvalidDataException($"The resume file {path} is empty.");
        }
        catch (JsonException)
        {
            throw new InvalidDataException(
                $"The resume file {path} is damaged; delete it to start over"
                + " (what was accepted before is answered as duplicate).");
        }
    }

    /// <summary>Replaces the file in one step, so that a crash leaves the old one or the new one.</summary>
    public async Task SaveAsync(string path)
    {
        var fresh = path + ".new";
        await File.WriteAllBytesAsync(fresh, JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web), CancellationToken.None);
        File.Move(fresh, path, overwrite: true);
    }
}
