namespace CPort.Node.Options;

/// <summary>The master key, under which everything confidential is sealed.</summary>
public sealed class KeyOptions
{
    /// <summary>File of the master key; default <c>master.key</c> in the data folder, made at first start.</summary>
    public string? MasterKeyFile { get; set; }

    /// <summary>The master key itself, 32 bytes as base64 or hex; instead of a file.</summary>
    public string? MasterKey { get; set; }
}
