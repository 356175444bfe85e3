using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CPort.Tests.Shared;

/// <summary>Small report bodies.</summary>
public static class Bodies
{
    /// <summary>A good report with one item, hosted in the Netherlands.</summary>
    public static string Report(string reference, Action<JsonObject>? change = null)
    {
        var report = new JsonObject
        {
            ["reportingAnalystName"] = "analyst.one", ["hotlineReceivedDate"] = "2026-01-02T03:04:05Z", ["hotlineReference"] = reference,
            ["sourceUrlSiteType"] = 2, ["sourceUrlCommerciality"] = 2, ["sourceUrlPaymentMethods"] = new JsonArray(1),
            ["urls"] = new JsonArray(new JsonObject
            {
                ["urlString"] = $"https://img.host.example/{reference}", ["hotlineReference"] = $"{reference}/1", ["hostingCountryCode"] = "NL",
                ["hostingIpAddress"] = "192.0.2.7", ["isSourceUrl"] = false, ["contentType"] = 1,
                ["hashes"] = new JsonObject { ["md5"] = Hash(reference, 16), ["sha1"] = Hash(reference, 20) },
            }),
        };
        change?.Invoke(report);
        return report.ToJsonString();
    }

    /// <summary>A made-up hash value of a name.</summary>
    public static string Hash(string name, int bytes) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(System.Text.Encoding.UTF8.GetBytes("example " + name)).AsSpan(0, bytes));

    /// <summary>A hash with its first so many bits the other way round: at that distance from it.</summary>
    public static string Flip(string hex, int bits)
    {
        var bytes = Convert.FromHexString(hex);
        for (var i = 0; i < bits; i++)
        {
            bytes[i / 8] ^= (byte)(1 << (i % 8));
        }

        return Convert.ToHexStringLower(bytes);
    }
}
