using CPort.Domain.Access;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Node.Adapters;

namespace CPort.Api.Tests.Adapters;

/// <summary>Where a node does not send, whatever an agency asks it to.</summary>
public sealed class WebhookSenderTests
{
    private static readonly Webhook Hook = new()
    {
        Id = new ReportId(12345), Agency = AgencyId.Parse("hotline-nl"), Tenant = Tenant.Live, Url = "https://hooks.example/cport", Secret = new byte[32],
        CreatedAt = DateTimeOffset.UnixEpoch, State = WebhookState.Active,
    };

    [Theory]
    [InlineData("https://127.0.0.1:1/")]
    [InlineData("https://[::1]:1/")]
    [InlineData("https://localhost:1/")]
    [InlineData("https://169.254.169.254/latest/")]
    [InlineData("http://8.8.8.8/")]
    public async Task What_lies_inside_is_not_connected_to(string url)
    {
        using var sender = new WebhookSender(new WebhookOptions { Patience = TimeSpan.FromSeconds(5) }, TimeProvider.System);
        var answer = await sender.SendAsync(Hook with { Url = url }, "1", [], 0, default);
        Assert.Equal((null, "the address is not one that may be sent to"), (answer.Status, answer.Fault));
    }
}
