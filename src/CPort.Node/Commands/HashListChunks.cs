using System.Buffers;
using System.Runtime.CompilerServices;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Lists;

namespace CPort.Node.Commands;

/// <summary>Rows of lists of known hashes as the API takes them.</summary>
internal static class HashListChunks
{
    /// <summary>Rows a request: what the node answers in one step. Over HTTP/1.1 a larger request could wait for its own answers.</summary>
    private const int BatchRows = 20_000;

    /// <summary>Bytes a request; it may be one row longer.</summary>
    private const int BatchBytes = 8 * 1024 * 1024;

    /// <summary>
    /// The rows of a list as chunks for <c>POST /v1/hashes:import</c>, from after row <paramref name="skip"/>. Rows that cannot be sent are given to
    /// <paramref name="local"/>: broken ones, skipped ones, and ones without classification; also, of those that are sent, the ones of which something is left
    /// out.
    /// </summary>
    public static async IAsyncEnumerable<LineChunk> ReadAsync(
        IAsyncEnumerable<HashListRowResult> rows, Classification? classification, Country? country, long skip,
        Action<HashListRowResult> local, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var body = new ArrayBufferWriter<byte>(1024 * 1024);
        await using var json = new Utf8JsonWriter(body);
        var numbers = new List<long>();
        long last = skip;
        await foreach (var result in rows.WithCancellation(cancellation))
        {
            if (result.Outcome == HashListRowOutcome.Note)
            {
                local(result);
                continue;
            }

            if (result.Number <= skip)
            {
                continue;
            }

            if (result.Row?.WithDefaults(classification, country) is not { } row)
            {
                local(result);
            }
            else if (row.Classification is null)
            {
                local(HashListRowResult.Rejected(result.Number, "no classification in the list; --classification gives one"));
            }
            else
            {
                if (numbers.Count == BatchRows || body.WrittenCount > BatchBytes)
                {
                    yield return new LineChunk(body.WrittenSpan.ToArray(), numbers, last, last);
                    body.ResetWrittenCount();
                    numbers = [];
                }

                if (result.Reason is not null)
                {
                    local(result);
                }

                numbers.Add(result.Number);
                json.Reset();
                Write(json, row);
                body.Write("\n"u8);
            }

            last = result.Number;
        }

        if (numbers.Count > 0)
        {
            yield return new LineChunk(body.WrittenSpan.ToArray(), numbers, last, last);
        }
    }

    private static void Write(Utf8JsonWriter json, ListedMedia row)
    {
        json.WriteStartObject();
        foreach (var hash in row.Hashes)
        {
            json.WriteString(HashAlgorithms.Of(hash.Algorithm).JsonName, hash.ToHex());
        }

        if (row.PdqQuality is { } quality && row.Hashes.Any(h => h.Algorithm == HashAlgorithm.Pdq))
        {
            json.WriteNumber("pdqQuality"u8, quality);
        }

        json.WriteString("classification"u8, row.Classification.ToString());
        if (row.Country is { } country)
        {
            json.WriteString("country"u8, country.Code);
        }

        if (row.VictimIdentified)
        {
            json.WriteBoolean("victimIdentified"u8, true);
        }

        if (row.SeriesKnown)
        {
            json.WriteBoolean("seriesKnown"u8, true);
        }

        if (row.Retract)
        {
            json.WriteBoolean("retract"u8, true);
        }

        json.WriteEndObject();
        json.Flush();
    }
}
