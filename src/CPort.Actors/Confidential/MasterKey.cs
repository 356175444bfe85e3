using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace CPort.Actors.Confidential;

/// <summary>The master key is missing, malformed, badly protected or not the one this database was made with. The message never holds key bytes.</summary>
public sealed class MasterKeyException(string message) : Exception(message);

/// <summary>
/// A master key: 256 random bits, under which the database's own keys (<see cref="KeyRing"/>) are wrapped. All nodes of a cluster hold the same ones. Whoever
/// loses it loses the whole journal: back it up apart from the data.
/// </summary>
public sealed class MasterKey
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 32;

    private readonly byte[] _bytes;

    private MasterKey(byte[] bytes)
    {
        _bytes = bytes;
        KeyId = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 4));
    }

    /// <summary>First 8 hex digits of SHA-256 over the key: names the key without telling it.</summary>
    public string KeyId { get; }

    /// <summary>A fresh random key that is kept nowhere.</summary>
    public static MasterKey New() => new(RandomNumberGenerator.GetBytes(Length));

    /// <summary>
    /// Reads a key written as 64 hex digits or as base64 of 32 bytes (blanks around it are ignored). <paramref name="origin"/> names where it came from (a
    /// configuration key or a path) for the message of <see cref="MasterKeyException"/>.
    /// </summary>
    public static MasterKey FromText(string? text, string origin)
    {
        var trimmed = text?.Trim() ?? "";
        if (trimmed.Length == 0)
        {
            throw new MasterKeyException($"The master key in {origin} is empty. It must be 32 random bytes as base64 or as 64 hex digits.");
        }

        if (!TryDecode(trimmed, out var bytes))
        {
            throw new MasterKeyException($"The master key in {origin} cannot be read. It must be 32 random bytes as base64 or as 64 hex digits "
                + "(for example from 'openssl rand -base64 32').");
        }

        // A placeholder of one repeated byte is the classic slip of a configuration template.
        if (bytes.AsSpan().IndexOfAnyExcept(bytes[0]) < 0)
        {
            throw new MasterKeyException($"The master key in {origin} is a placeholder (one byte repeated). Make a random one with 'openssl rand -base64 32'.");
        }

        return new MasterKey(bytes);
    }

    /// <summary>
    /// The text of an existing key file; throws <see cref="MasterKeyException"/> when it is missing, too large, or readable by group or others.
    /// </summary>
    internal static string ReadFile(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                throw new MasterKeyException($"The master key file {path} does not exist. Without the key this database was made with, its data "
                    + "cannot be read: restore the file from its backup, or give the key by the environment.");
            }

            RefuseOpenFile(path);
            if (new FileInfo(path).Length > 4096)
            {
                throw new MasterKeyException($"The file {path} is too large to be a master key file.");
            }

            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MasterKeyException($"The master key file {path} cannot be read: {e.Message}");
        }
    }

    /// <summary>
    /// Makes a key file: mode 0600, in a folder made with mode 0700, complete and on the disk before it appears under its name. Of two nodes that start
    /// together on one folder, one makes the file and the other is told that it did not.
    /// </summary>
    internal static bool TryCreateFile(string path)
    {
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            MakeFolder(folder);
            var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
            try
            {
                DurableFile.WriteNew(temporary, New().ToText() + "\n");
                if (!TryName(temporary, path))
                {
                    return false;
                }

                // Sealed data may reach the disk right after, and would be lost for ever without its key.
                DurableFile.SyncFolder(folder);
            }
            finally
            {
                File.Delete(temporary);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MasterKeyException($"A master key file cannot be made at {path}: {e.Message}");
        }
    }

    /// <summary>The key as a key file has it.</summary>
    internal string ToText() => Convert.ToBase64String(_bytes);

    public override string ToString() => $"MasterKey({KeyId})";

    /// <summary>A 32-byte key for one purpose; knowing it tells nothing about the master key or the other purposes' keys.</summary>
    internal byte[] Derive(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _bytes, Length, salt: "cport-master-1"u8.ToArray(), info: Encoding.UTF8.GetBytes(purpose));

    private static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.Length == 2 * Length && text.All(char.IsAsciiHexDigit))
        {
            bytes = Convert.FromHexString(text);
            return true;
        }

        var buffer = new byte[Length + 3];
        if (Convert.TryFromBase64String(text, buffer, out var written) && written == Length)
        {
            bytes = buffer[..Length];
            return true;
        }

        return false;
    }

    private static void RefuseOpenFile(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        var mode = File.GetUnixFileMode(path);
        if ((mode & Others) != 0)
        {
            throw new MasterKeyException($"The master key file {path} is open to group or others (mode {Convert.ToString((int)mode, 8)}). "
                + $"Close it with 'chmod 600 {path}'; if others may have read it, the key must be taken as known to them.");
        }
    }

    private static void MakeFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>
    /// Gives the finished file its name, unless another node was first. Not by File.Move: on Unix that looks whether the name is free and then renames, so that
    /// of two nodes the later one replaced a key the earlier one had already sealed with. A hard link is made or refused in one step.
    /// </summary>
    private static bool TryName(string temporary, string path)
    {
        const int NameIsTaken = 17; // EEXIST, the same number on Linux, macOS and the BSDs
        if (!OperatingSystem.IsWindows())
        {
            if (link(temporary, path) == 0)
            {
                return true;
            }

            if (Marshal.GetLastPInvokeError() == NameIsTaken)
            {
                return false;
            }
        }

        // Windows refuses a taken name itself. What is left are file systems without hard links (FAT, some network shares), which have no such step.
        try
        {
            File.Move(temporary, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

#pragma warning disable SYSLIB1054, CA2101 // source-generated imports need unsafe blocks, which this project forbids
    [DllImport("libc", SetLastError = true)]
    private static extern int link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
#pragma warning restore SYSLIB1054, CA2101
}
