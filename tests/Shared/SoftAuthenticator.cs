using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CPort.Tests.Shared;

/// <summary>
/// A passkey's device in C#: ES256, attestation "none", a counter, user present and verified. What it sends is what a browser's
/// <c>PublicKeyCredential.toJSON()</c> gives.
/// </summary>
public sealed class SoftAuthenticator : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _id = RandomNumberGenerator.GetBytes(32);
    private byte[] _user = [];

    /// <summary>The number of the next signature; may be set back to play a copied device.</summary>
    public uint Counter { get; set; } = 1;

    /// <summary>Whether the device asks its owner (PIN, finger).</summary>
    public bool VerifiesUser { get; set; } = true;

    /// <summary>Answers <c>navigator.credentials.create()</c>.</summary>
    public string Create(string options, string origin)
    {
        var wanted = JsonElement.Parse(options);
        _user = Base64Url.DecodeFromChars(wanted.GetProperty("user").GetProperty("id").GetString());
        var client = Client("webauthn.create", wanted.GetProperty("challenge").GetString()!, origin);
        byte[] data =
        [
            .. Head(wanted.GetProperty("rp").GetProperty("id").GetString()!, attested: true), .. new byte[16], .. U16((ushort)_id.Length), .. _id, .. CoseKey(),
        ];
        byte[] attestation =
        [
            0xa3, .. Text("fmt"), .. Text("none"), .. Text("attStmt"), 0xa0, .. Text("authData"), 0x59, .. U16((ushort)data.Length), .. data,
        ];
        return Json(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(client), ["attestationObject"] = Base64Url.EncodeToString(attestation),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary>Answers <c>navigator.credentials.get()</c>.</summary>
    public string Get(string options, string origin)
    {
        var wanted = JsonElement.Parse(options);
        var client = Client("webauthn.get", wanted.GetProperty("challenge").GetString()!, origin);
        var data = Head(wanted.GetProperty("rpId").GetString()!, attested: false);
        var signature = _key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Json(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(client), ["authenticatorData"] = Base64Url.EncodeToString(data),
            ["signature"] = Base64Url.EncodeToString(signature), ["userHandle"] = Base64Url.EncodeToString(_user),
        });
    }

    public void Dispose() => _key.Dispose();

    private string Json(JsonObject response) => new JsonObject
    {
        ["id"] = Base64Url.EncodeToString(_id), ["rawId"] = Base64Url.EncodeToString(_id), ["type"] = "public-key", ["authenticatorAttachment"] = "platform",
        ["clientExtensionResults"] = new JsonObject(), ["response"] = response,
    }.ToJsonString();

    private static byte[] Client(string type, string challenge, string origin) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["type"] = type, ["challenge"] = challenge, ["origin"] = origin, ["crossOrigin"] = false,
    }.ToJsonString());

    private byte[] Head(string relyingParty, bool attested)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, Counter++);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(relyingParty)), (byte)(0x01 | (VerifiesUser ? 0x04 : 0) | (attested ? 0x40 : 0)), .. counter];
    }

    private byte[] CoseKey()
    {
        var q = _key.ExportParameters(includePrivateParameters: false).Q;
        return [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20, .. q.X!, 0x22, 0x58, 0x20, .. q.Y!];
    }

    private static byte[] Text(string text) => [(byte)(0x60 + text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] U16(ushort number) => [(byte)(number >> 8), (byte)number];
}
