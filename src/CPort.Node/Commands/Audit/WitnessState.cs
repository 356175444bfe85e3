using System.Security.Cryptography;
using System.Text.Json;
using CPort.Actors.Confidential;
using CPort.Domain.Audit;

namespace CPort.Node.Commands.Audit;

/// <summary>
/// A witness's key and memory, in one file, so that neither is ever there without the other: a witness that forgets what it has seen would sign a second
/// history. Every change is on the disk before it is answered. One process at a time. Not thread-safe.
/// </summary>
internal sealed class WitnessState : IDisposable
{
    private readonly string _path;
    private readonly FileStream _lock;
    private readonly byte[] _seed;
    private readonly Dictionary<string, string> _seen;

    private WitnessState(string path, FileStream held, string name, byte[] seed, Dictionary<string, string> seen)
    {
        (_path, _lock, _seed, _seen) = (path, held, seed, seen);
        Cosigner = new Cosigner(name, seed);
    }

    public Cosigner Cosigner { get; }

    /// <summary>
    /// Opens the file, or makes it with a new key when there is none. Throws <see cref="CommandException"/> when it cannot be read, is another witness's, or is
    /// in use.
    /// </summary>
    public static WitnessState Open(string path, string name)
    {
        FileStream held;
        try
        {
            held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Failed, $"{path} is in use by another process, or its folder cannot be written to.");
        }

        try
        {
            if (!File.Exists(path))
            {
                var made = new WitnessState(path, held, name, RandomNumberGenerator.GetBytes(NoteSigner.SeedLength), []);
                made.Write();
                return made;
            }

            var file = JsonSerializer.Deserialize<Kept>(File.ReadAllText(path)) is { Seed.Length: NoteSigner.SeedLength, Seen: not null } read
                && read.Name == name ? read : throw new JsonException();
            var state = new WitnessState(path, held, name, file.Seed, file.Seen);

            // What this witness has not cosigned itself it has not seen: somebody else wrote there.
            return file.Seen.All(s => state.Cosigner.Verifier.TimeOf(s.Value) is not null && Checkpoint.TryParse(NoteText.Of(s.Value), out var tree)
                && tree.Origin == s.Key) ? state : throw new JsonException();
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            held.Dispose();
            throw new CommandException(ExitCodes.Failed, $"{path} is not the file of a witness of this name, or was changed: nothing is signed on top of it.");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The note that was cosigned last; null: none of this log.</summary>
    public string? SeenOf(string origin) => _seen.GetValueOrDefault(origin);

    /// <summary>On the disk when this returns.</summary>
    public void Keep(string origin, string note)
    {
        var before = _seen.GetValueOrDefault(origin);
        _seen[origin] = note;
        try
        {
            Write();
        }
        catch
        {
            if (before is null)
            {
                _seen.Remove(origin);
            }
            else
            {
                _seen[origin] = before;
            }

            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private void Write() => DurableFile.Replace(_path, JsonSerializer.Serialize(new Kept(Cosigner.Verifier.Name, _seed, _seen)) + "\n");

    private sealed record Kept(string Name, byte[] Seed, Dictionary<string, string> Seen);
}
