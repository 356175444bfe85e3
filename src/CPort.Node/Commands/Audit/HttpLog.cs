using System.Buffers.Binary;
using System.Net;
using CPort.Domain.Audit;

namespace CPort.Node.Commands.Audit;

/// <summary>A log as a node serves it: C2SP tlog-tiles over the API.</summary>
/// <param name="client">The node.</param>
/// <param name="earlier">A checkpoint that somebody else has seen; null: none.</param>
internal sealed class HttpLog(CPortClient client, string? earlier = null) : IKeptLog
{
    public const string Path = "v1/audit/log";

    public async Task<string?> CheckpointAsync(CancellationToken cancellation) =>
        await client.GetBytesAsync($"{Path}/checkpoint", cancellation) is { } note ? System.Text.Encoding.UTF8.GetString(note) : null;

    public Task<IReadOnlyList<string>> EarlierAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>(earlier is null ? [] : [earlier]);

    public Task<byte[]?> TileAsync(Tile tile, CancellationToken cancellation) => client.GetBytesAsync($"{Path}/tile/{tile}", cancellation);

    public async Task<IReadOnlyList<byte[]>> EntriesAsync(long index, int width, CancellationToken cancellation)
    {
        var bundle = await client.GetBytesAsync($"{Path}/tile/entries/{Tile.PathOf(index, width)}", cancellation) ?? [];
        var entries = new List<byte[]>();
        for (var at = 0; at + 2 <= bundle.Length;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.AsSpan(at));
            entries.Add(bundle[(at + 2)..Math.Min(at + 2 + length, bundle.Length)]);
            at += 2 + length;
        }

        return entries;
    }
}
