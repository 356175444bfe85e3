using CPort.Node.Options;
using Microsoft.Extensions.Configuration;

namespace CPort.Api.Tests.Node;

/// <summary>What settings may be, and how a wrong one is told.</summary>
public sealed class NodeConfigurationTests
{
    [Theory]
    [InlineData("Cluster:JoinSeconds", "5", "CPORT__Cluster__JoinSeconds: 10 to 3600.")]
    [InlineData("Cluster:HeartbeatSeconds", "0.05", "CPORT__Cluster__HeartbeatSeconds: 0.1 to 10.")]
    [InlineData("Cluster:HeartbeatSeconds", "NaN", "CPORT__Cluster__HeartbeatSeconds: 0.1 to 10.")]
    [InlineData("Cluster:Port", "70000", "CPORT__Cluster__Port: 0 to 65535.")]
    [InlineData("Cluster:Name", "Capital", "CPORT__Cluster__Name: 1 to 40 of a-z, 0-9 and '-', beginning with a letter.")]
    [InlineData("Cluster:Name", "", "CPORT__Cluster__Name: 1 to 40 of a-z, 0-9 and '-', beginning with a letter.")]
    [InlineData("Cluster:BindHost", "a b", "CPORT__Cluster__BindHost: 'a b' is neither a host's name nor an address.")]
    [InlineData("Cluster:Roles", "api,cook", "CPORT__Cluster__Roles: 'cook' is no role; roles are api, report, hash, projection.")]
    [InlineData("Limits:ItemsPerBatch", "0", "CPORT__Limits__ItemsPerBatch: at least 1.")]
    [InlineData("Limits:ItemsPerBatch", "many", "CPORT__Limits__ItemsPerBatch: a value of type Int32 is needed.")]
    [InlineData("Operator:Tls", "perhaps", "CPORT__Operator__Tls: a value of type Boolean is needed.")]
    [InlineData("Policy:PdqRadius", "65", "CPORT__Policy__PdqRadius: 0 to 64.")]
    [InlineData("Policy:RulesOff:0", "4", "CPORT__Policy__RulesOff: '4' cannot be switched off; 1, 2, 3, 8, 10 can.")]
    [InlineData("Telemetry:SampleRatio", "2", "CPORT__Telemetry__SampleRatio: 0 to 1.")]
    [InlineData("Logs:Format", "Loud", "CPORT__Logs__Format: one of Simple, Json is needed.")]
    [InlineData("Database:Provider", "7", "CPORT__Database__Provider: one of Sqlite, PostgreSql is needed.")]
    [InlineData("Data", " ", "CPORT__Data: a folder is needed.")]
    [InlineData("Iwol:Answer", "StopName", "CPORT__Iwol__StopName: Answer StopName needs StopName.")]
    [InlineData("Iwol:StopName", "stop", "CPORT__Iwol__StopName: a host name of lower-case letters, digits, hyphens and dots is needed.")]
    [InlineData("Iwol:StopName", "STOP.example", "CPORT__Iwol__StopName: a host name of lower-case letters, digits, hyphens and dots is needed.")]
    [InlineData("Iwol:StopName", "s.example\n* A 1.2.3.4", "CPORT__Iwol__StopName: a host name of lower-case letters, digits, hyphens and dots is needed.")]
    [InlineData("Iwol:StopName", "stop.iwol.rpz", "CPORT__Iwol__StopName: it lies within the policy zone, where nobody finds it.")]
    [InlineData("Iwol:StopAddresses:0", "1", "CPORT__Iwol__StopAddresses: '1' is no address.")]
    [InlineData("Iwol:StopAddresses:0", "fe80::1%eth0", "CPORT__Iwol__StopAddresses: 'fe80::1%eth0' is no address.")]
    [InlineData("Hosting:TableFile", "/nowhere/x", "CPORT__Hosting__TableFile: the file /nowhere/x does not exist.")]
    [InlineData("Keys:Master", "x", "CPORT__Keys__Master: unknown setting; known are MasterKeyFile, MasterKey.")]
    [InlineData(
        "Cluster:Tls:Ca", "x", "CPORT__Cluster__Tls__Ca: unknown setting; known are CertificatePath, KeyPath, Password, CaPath, VerifyName.")]
    public void A_wrong_setting_is_told_in_one_line(string key, string value, string line)
    {
        var error = Assert.Throws<NodeConfigurationException>(() => Read((key, value), ("Cluster:AllowPlainTcp", "true")));
        Assert.Equal([line], error.Problems);
    }

    [Fact]
    public void A_list_is_one_value_with_commas_or_a_setting_each_and_the_value_wins()
    {
        (string, string?)[] each = [("Cluster:Seeds:0", "a:1"), ("Cluster:Seeds:1", "dns:b:2")];
        Assert.Equal(["a:1", "dns:b:2"], Seeds(each));
        Assert.Equal(["c:3", "d:4"], Seeds([("Cluster:Seeds", "c:3, d:4")]));
        Assert.Equal(["c:3"], Seeds([.. each, ("Cluster:Seeds", "c:3")]));

        static string[] Seeds((string, string?)[] seeds) =>
            Read([("Database:Provider", "PostgreSql"), ("Database:ConnectionString", "Host=db.example"), .. seeds]).Cluster.Seeds;
    }

    [Fact]
    public void Settings_of_the_web_framework_are_not_ours() =>
        Assert.Equal("x", Read(("Data", "x"), ("Logging:LogLevel:Default", "Warning"), ("AllowedHosts", "*")).Data);

    private static NodeOptions Read(params (string Key, string? Value)[] settings) => NodeConfiguration.From(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build());
}
