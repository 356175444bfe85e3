using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;

namespace CPort.Bench.Micro;

/// <summary>A submission as large as an average one of the synthetic day: a page and three pictures, each with three hashes.</summary>
internal static class SampleSubmission
{
    public const string Url = "https://img17.nl-3fa.example/galleries/2026/summer/IMG_0042.jpg?width=1024&height=768";

    private static readonly Caller Hotline = new()
    {
        Agency = AgencyId.Parse("hotline-nl"), Kind = AgencyKind.Hotline, Roles = Roles.Machine, KeyId = "bench", Countries = [Country.Parse("NL")],
    };

    public static ReportEnvironment Environment { get; } = new()
    {
        Now = new DateTimeOffset(2026, 1, 4, 12, 0, 0, TimeSpan.Zero), Members = new DirectoryMembership(AgencyDirectory.Empty, DateTimeOffset.UnixEpoch),
    };

    public static SubmitReport Make(ConfidentialSeam seam)
    {
        var random = new Random(1);
        ContentHash Hash(HashAlgorithm algorithm, int length)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            return ContentHash.FromBytes(algorithm, bytes);
        }

        var reference = HotlineReference.Parse("NL-260104120000-1-0000042");
        var items = Enumerable.Range(1, 4).Select(n => new SubmittedItem
        {
            Secrets = new ItemSecrets { Url = Url }, IsSourceUrl = n == 1, ContentType = ContentType.Media,
            Hosting = new HostingFacts
            {
                Country = Country.Parse("NL"), IpAddress = "192.0.2.17", Isp = "Example Hosting NL 7", AutonomousSystemNumber = 64_503,
                Source = HostingSource.Reported, Confidence = 80, TracedAt = Environment.Now,
            },
            Hashes = n == 1 ? [] : [Hash(HashAlgorithm.Md5, 16), Hash(HashAlgorithm.Sha1, 20), Hash(HashAlgorithm.Sha256, 32)],
            MediaSize = n == 1 ? null : 250_000, MimeType = n == 1 ? null : "image/jpeg",
        }).ToImmutableArray();
        return SubmissionDigest.Stamp(seam, new SubmitReport
        {
            ReportId = ReportIds.Of(seam, Tenant.Live, Hotline.Agency, reference), Reference = reference, ReportNumber = 42, FirstItemNumber = 43,
            Context = new CommandContext { CommandId = CommandId.Parse("bench-1"), Caller = Hotline, OccurredAt = Environment.Now },
            HotlineReceivedDate = Environment.Now.AddHours(-3), SiteType = SiteType.ImageHost, Commerciality = Commerciality.NonCommercial,
            PaymentMethods = [PaymentMethod.None], Secrets = new ReportSecrets { Memo = "Synthetic report: 4 items seen on an image host." }, Items = items,
        });
    }
}
