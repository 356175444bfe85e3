using CPort.Domain.Agencies;
using CPort.Domain.Icse;
using CPort.Domain.Iwol;
using CPort.Domain.Referrals;
using CPort.Domain.Reports;

namespace CPort.Api.Tests.Contracts;

public sealed class ProblemCodesTests
{
    [Fact]
    public void Every_rules_no_has_a_status_and_a_title()
    {
        var codes = Enum.GetValues<RejectionCode>().Where(c => c != RejectionCode.None).Select(ProblemCodes.Of)
            .Concat(Enum.GetValues<AgencyRejection>().Select(ProblemCodes.Of))
            .Concat(Enum.GetValues<ReferralRejection>().Where(c => c != ReferralRejection.None).Select(ProblemCodes.Of))
            .Concat(Enum.GetValues<PackageRejection>().Where(c => c != PackageRejection.None).Select(ProblemCodes.Of))
            .Concat(Enum.GetValues<IwolRejection>().Where(c => c != IwolRejection.None).Select(ProblemCodes.Of))
            .Concat(typeof(ProblemCodes).GetFields().Select(f => (string)f.GetRawConstantValue()!));
        Assert.All(codes, code => Assert.InRange(ProblemCodes.Find(code).Status, 400, 503));
    }

    [Fact]
    public void A_cursor_is_read_by_its_own_list_only_and_not_when_it_was_changed()
    {
        var cursor = Cursor.Write<long?>("rejections", 17);

        Assert.Equal(17, Cursor.Read<long?>("rejections", cursor));
        Assert.False(Cursor.TryRead<long?>("search", cursor, out _));
        Assert.False(Cursor.TryRead<long?>("rejections", cursor[..^1], out _));
    }
}
