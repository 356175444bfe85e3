namespace CPort.Node.Options;

/// <summary>The master key, under which the database's own keys are wrapped. While it is changed several, newest first.</summary>
public sealed class KeyOptions
{
    /// <summary>File of the master key; default <c>master.key</c> in the data folder, made at first start. One key a line.</summary>
    public string? MasterKeyFile { get; set; }

    /// <summary>The master key itself, 32 bytes as base64 or hex; instead of a file. Several separated by commas.</summary>
    public string? MasterKey { get; set; }
}
