using CPort.Actors.Confidential;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>What a provider says of people is for police, and of each file for the police that sees the file's own item.</summary>
public sealed class InvolvedTests
{
    private readonly KeyRingSeam _seam = new(KeyRing.New());

    [Fact]
    public void An_address_from_which_a_file_came_is_for_who_sees_that_file()
    {
        var report = HostedIn(NL, 2).Report;
        report = report with
        {
            Items =
            [
                .. report.Items.Select(i => i with
                {
                    Secrets = _seam.Seal(i.SecretsPlace(report.Id), new ItemSecrets { Url = "https://host.example/" }),
                    Assignment = i.Ordinal == 1 ? i.Assignment : i.Assignment! with { Country = DE, Hotline = null },
                    Hosting = i.Ordinal == 1 ? i.Hosting : i.Hosting! with { Country = DE },
                }),
            ],
            Secrets = _seam.Seal(new SealedPlace(report.Id, SealedField.ReportSecrets), new ReportSecrets
            {
                Involved = new Involved { IpEvents = [Event("192.0.2.10", 0), Event("192.0.2.11", 1), Event("192.0.2.12", 2)] },
            }),
        };

        Assert.Equal(["192.0.2.10", "192.0.2.11"], SeenBy(PoliceNl with { Purpose = "case 1" }));
        Assert.Equal(["192.0.2.10", "192.0.2.12"], SeenBy(PoliceNl with { Agency = AgencyId.Parse("police-de"), Countries = [DE], Purpose = "case 2" }));
        Assert.Empty(SeenBy(De1));

        IEnumerable<string> SeenBy(Domain.Access.Caller caller) =>
            ReportViews.Page(report, new GetReport { ReportId = report.Id, Caller = caller, MaxItems = 2 }, _seam).Head?.Secrets?.Involved?.IpEvents
                .Select(e => e.Address) ?? [];
    }

    private static IpEvent Event(string address, int item) => new() { Of = IpEventOf.File, Address = address, Item = item };
}
