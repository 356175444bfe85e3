using CPort.Domain.Hashes;
using CPort.Domain.Icse.Verbs;

namespace CPort.Domain.Icse;

/// <summary>
/// Reads the list that ICSE gives back: CSV by semicolons, columns by their names in the first line. <c>MD5</c> is needed; <c>Known</c>,
/// <c>Victim identified</c>, <c>Offender identified</c> and <c>Series name</c> count where they are. A file that stands in it without <c>Known</c> is known
/// there. Faults name lines and quote nothing.
/// </summary>
public static class ReturnList
{
    public static (ImmutableArray<ReturnRow> Rows, ImmutableArray<(int Line, string Fault)> Faults) Read(string text)
    {
        var rows = ImmutableArray.CreateBuilder<ReturnRow>();
        var faults = ImmutableArray.CreateBuilder<(int, string)>();
        var lines = text.TrimStart('\uFEFF').Split('\n');
        var head = Cut(lines[0].TrimEnd('\r')) ?? [];
        int Column(string name) => head.FindIndex(h => h.Equals(name, StringComparison.OrdinalIgnoreCase));
        var (md5, known, victim, offender, series) =
            (Column("MD5"), Column("Known"), Column("Victim identified"), Column("Offender identified"), Column("Series name"));
        if (md5 < 0)
        {
            return ([], [(1, "The first line names the columns, MD5 among them.")]);
        }

        for (var i = 1; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd('\r');
            if (line.Length == 0)
            {
                continue;
            }

            var fields = Cut(line);
            string Field(int column) => column >= 0 && column < fields!.Count ? fields[column] : "";
            if (fields is null || !ContentHash.TryParse(HashAlgorithm.Md5, Field(md5), out var hash))
            {
                faults.Add((i + 1, fields is null ? "A quotation mark is not closed." : "No MD5 of 32 hex digits."));
            }
            else if (Flag(Field(known)) is not { } isKnown || Flag(Field(victim)) is not { } isVictim || Flag(Field(offender)) is not { } isOffender)
            {
                faults.Add((i + 1, "Flags are 1 or 0, true or false, yes or no."));
            }
            else if (Field(series) is { Length: > PackageLimits.SeriesLength } || Field(series).Any(char.IsControl))
            {
                faults.Add((i + 1, $"A series' name has at most {PackageLimits.SeriesLength} characters, none of them a control character."));
            }
            else
            {
                rows.Add(new ReturnRow
                {
                    Md5 = hash,
                    Finding = new IcseFinding
                    {
                        Known = known < 0 || isKnown, VictimIdentified = isVictim, OffenderIdentified = isOffender,
                        Clear = Field(series) is { Length: > 0 } name ? new SecretText { Text = name } : null,
                    },
                });
            }
        }

        return (rows.ToImmutable(), faults.ToImmutable());
    }

    private static bool? Flag(string text) => text.ToLowerInvariant() switch
    {
        "" or "0" or "false" or "no" => false,
        "1" or "true" or "yes" => true,
        _ => null,
    };

    /// <summary>Null: a quotation mark is not closed.</summary>
    private static List<string>? Cut(string line)
    {
        var (fields, field, quoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (line[i] == '"')
            {
                quoted = !quoted;
            }
            else if (line[i] == ';' && !quoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else
            {
                field.Append(line[i]);
            }
        }

        fields.Add(field.ToString().Trim());
        return quoted ? null : fields;
    }
}
