using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>Questions: who asks whom for what, until when, what an answer fills, and who knows of it.</summary>
public sealed class QuestionTests
{
    private static readonly Caller Officer = PoliceNl with { Purpose = "case 1" };
    private static readonly Caller Other = Officer with { Agency = AgencyId.Parse("police-nl-2"), KeyId = "key-police-2" };

    private static ReportScenario Referred(bool urgent = false)
    {
        var s = HostedIn(NL, items: 2);
        Assert.Equal(RejectionCode.None, s.Assess(Nl, Classification.National, 1, 2).Code);
        s.Do(new TakeReferral
        {
            ReportId = s.Id, Context = s.Context(Caller.System), Agency = Officer.Agency, Country = NL, Why = ReferralWhy.Host, About = "host",
            Referral = new ReferralRef(new ReferralKey(7), 1), Ordinals = [1], Urgent = urgent,
        });
        return s;
    }

    private static CommandReply Ask(ReportScenario s, Caller by, QuestionTo to = QuestionTo.Assigned, int item = 1, params DataField[] fields) =>
        s.Do(new AskQuestion
        {
            ReportId = s.Id, Context = s.Context(by), Items = [new ItemTarget { Ordinal = item }], To = to,
            Fields = fields.Length == 0 ? [DataField.Referrer, DataField.UploadTime] : [.. fields], SealedText = AnySealed,
        });

    private static int Asked(ReportScenario s) => s.Report.Questions is [var first, ..] ? first.Number : 1;

    private static CommandReply Answer(ReportScenario s, Caller by, params AnswerInput[] answers) =>
        s.Do(new AnswerQuestion { ReportId = s.Id, Context = s.Context(by), Number = Asked(s), Answers = [.. answers] });

    private static CommandReply Judge(ReportScenario s, Caller by, bool satisfied, params DataField[] fields) =>
        s.Do(new JudgeAnswer { ReportId = s.Id, Context = s.Context(by), Number = Asked(s), Satisfied = satisfied, Fields = [.. fields] });

    private static AnswerInput Value(DataField field) => new() { Field = field, Value = AnySealed };

    private static AnswerInput[] Full => [new() { Field = DataField.Referrer, Filled = true }, Value(DataField.UploadTime)];

    [Theory]
    [InlineData(false, ReportLimits.QuestionHours)]
    [InlineData(true, ReportLimits.UrgentQuestionHours)]
    public void An_answer_is_due_in_a_day_when_it_is_urgent_and_else_in_five(bool urgent, int hours)
    {
        var s = Referred(urgent);
        Assert.Equal((RejectionCode.None, 1), (Ask(s, Officer).Code, s.Report.Questions.Length));
        Assert.Equal(s.Now.AddHours(hours), s.Report.Questions[0].Due);
        Assert.Equal(QuestionState.Asked, s.Report.Questions[0].StateAt(s.Now));
        Assert.Equal(RejectionCode.AskedAlready, Ask(s, Officer, fields: DataField.UploadTime).Code);
        Assert.Equal(RejectionCode.None, Ask(s, Officer, QuestionTo.Source, 1, DataField.UploadTime).Code);
    }

    /// <summary>Two forces that have the item: neither learns by its own id that the other has asked, nor is in its way.</summary>
    [Fact]
    public void A_questions_number_and_an_agencys_share_tell_nothing_of_anothers()
    {
        ReportScenario Both()
        {
            var s = Referred();
            s.Do(new TakeReferral
            {
                ReportId = s.Id, Context = s.Context(Caller.System), Agency = Other.Agency, Country = NL, Why = ReferralWhy.Host, About = "host",
                Referral = new ReferralRef(new ReferralKey(8), 1), Ordinals = [1],
            });
            return s;
        }

        var (alone, second) = (Both(), Both());
        for (var i = 0; i < ReportLimits.QuestionsOfAgency; i++)
        {
            Assert.Equal(RejectionCode.None, Ask(second, Officer).Code);
            var number = second.Report.Questions[^1].Number;
            Assert.Equal(RejectionCode.None, second.Do(new AnswerQuestion
            {
                ReportId = second.Id, Context = second.Context(Nl), Number = number, Answers = [.. Full],
            }).Code);
        }

        Assert.Equal(RejectionCode.TooManyItems, Ask(second, Officer).Code);
        var (first, after) = (Ask(alone, Other), Ask(second, Other));
        Assert.Equal((RejectionCode.None, first.Question), (after.Code, after.Question));
        Assert.True(QuestionRef.TryParse(new QuestionRef(second.Id, after.Question).ToString(), out var same) && same.Number == after.Question);
        Assert.Equal(second.Report.Questions.Length, second.Report.Questions.Select(q => q.Number).Distinct().Count());
        Assert.All(second.Report.Questions, q => Assert.InRange(q.Number, 100_000, 999_999));
    }

    [Fact]
    public void Only_police_that_has_the_item_in_a_referral_asks()
    {
        var s = Referred();
        Assert.Equal(RejectionCode.NotAuthorised, Ask(s, Other).Code);
        Assert.Equal(RejectionCode.NotAuthorised, Ask(s, Nl).Code);
        Assert.Equal(RejectionCode.NotAuthorised, Ask(s, Officer, item: 2).Code);
        Assert.Equal(RejectionCode.NotFound, Ask(s, PoliceUa).Code);
        Assert.Equal(RejectionCode.AnswerIncomplete, Ask(s, Officer, fields: DataField.ExactHash).Code);
    }

    [Fact]
    public void Whom_it_asks_answers_each_field_and_no_other_and_who_asked_judges_it()
    {
        var s = Referred();
        Ask(s, Officer);
        Assert.Equal(RejectionCode.NotAuthorised, Answer(s, Officer, Full).Code);
        Assert.Equal(RejectionCode.NotFound, Answer(s, Se, Full).Code);
        Assert.Equal(RejectionCode.AnswerIncomplete, Answer(s, Nl, Full[0]).Code);
        Assert.Equal(RejectionCode.AnswerIncomplete, Answer(s, Nl, [.. Full, Value(DataField.UploaderName)]).Code);
        Assert.Equal(RejectionCode.AnswerIncomplete, Answer(s, Nl, Full[0], new AnswerInput { Field = DataField.UploadTime }).Code);
        Assert.Equal(RejectionCode.QuestionNotOpen, Judge(s, Officer, satisfied: false).Code);
        Assert.Equal(RejectionCode.None, Answer(s, Nl, Full).Code);
        Assert.Equal(QuestionState.Answered, s.Report.Questions[0].State);
        Assert.Equal(RejectionCode.QuestionNotOpen, Answer(s, Nl, Full).Code);
        Assert.Equal(RejectionCode.NotAuthorised, Judge(s, Nl, satisfied: true).Code);
        Assert.Equal(RejectionCode.None, Judge(s, Officer, satisfied: false, DataField.UploaderName).Code);
        Assert.Equal((QuestionState.AskedAgain, s.Now.AddHours(ReportLimits.QuestionHours)), (s.Report.Questions[0].State, s.Report.Questions[0].Due));
        Assert.Equal(RejectionCode.None, Answer(s, Nl, new AnswerInput { Field = DataField.UploaderName, Impossible = true }).Code);
        Assert.Equal(QuestionState.Impossible, s.Report.Questions[0].State);
        Assert.Equal(RejectionCode.None, Judge(s, Officer, satisfied: true).Code);
        Assert.Equal(RejectionCode.QuestionNotOpen, Judge(s, Officer, satisfied: false).Code);
        Assert.Equal(RejectionCode.NoSuchQuestion, s.Do(new JudgeAnswer
            { ReportId = s.Id, Context = s.Context(Officer), Number = 2, Satisfied = true }).Code);
    }

    [Fact]
    public void What_the_source_is_asked_nobody_else_answers()
    {
        var s = Referred();
        Ask(s, Officer, QuestionTo.Source);
        Assert.Equal(s.Report.ReportingHotline == Nl.Agency ? RejectionCode.None : RejectionCode.AskedOfAnother, Answer(s, Nl, Full).Code);
    }

    [Fact]
    public void It_is_overdue_by_the_clock_and_written_down_once_and_may_still_be_answered()
    {
        var s = Referred();
        Ask(s, Officer);
        s.Now = s.Report.Questions[0].Due.AddSeconds(-1);
        s.Do(new NoteOverdue { ReportId = s.Id, Context = s.Context(Caller.System) });
        Assert.Empty(s.Events.OfType<QuestionOverdue>());
        s.Now = s.Report.Questions[0].Due;
        Assert.Equal(QuestionState.Overdue, s.Report.Questions[0].StateAt(s.Now));
        s.Do(new NoteOverdue { ReportId = s.Id, Context = s.Context(Caller.System) });
        s.Do(new NoteOverdue { ReportId = s.Id, Context = s.Context(Caller.System) });
        Assert.Single(s.Events.OfType<QuestionOverdue>());
        Assert.Equal(RejectionCode.None, Answer(s, Nl, Full).Code);
        Assert.Equal(QuestionState.Answered, s.Report.Questions[0].StateAt(s.Now));
        Judge(s, Officer, satisfied: false);
        s.Now = s.Report.Questions[0].Due;
        s.Do(new NoteOverdue { ReportId = s.Id, Context = s.Context(Caller.System) });
        Assert.Equal(2, s.Events.OfType<QuestionOverdue>().Count());
    }

    [Fact]
    public void An_answer_makes_the_item_more_complete_an_impossible_one_does_not()
    {
        var s = Referred();
        ImmutableArray<DataField> Has() => Completeness.Of(s.Report, s[1], null);
        Assert.DoesNotContain(DataField.UploadTime, Has());
        Ask(s, Officer, fields: [DataField.UploadTime, DataField.SiteType, DataField.Access]);
        var before = Has();
        Assert.Equal(RejectionCode.None, Answer(s, Nl, Value(DataField.UploadTime), new AnswerInput { Field = DataField.SiteType, SiteType = SiteType.Forum },
            new AnswerInput { Field = DataField.Access, Impossible = true }).Code);
        Assert.Equal(SiteType.Forum, s.Report.SiteType);

        // What filled the report is there for all; what only stands with the question is there for who asked (the scorer adds it).
        Assert.Equal([.. before.Append(DataField.SiteType).Distinct().Order()], Has().Order().ToArray());
        Assert.True(s.Report.Questions[0].Answers(1, DataField.UploadTime));
        Assert.False(s.Report.Questions[0].Answers(1, DataField.Access));
        Assert.False(s.Report.Questions[0].Answers(2, DataField.UploadTime));
        Assert.Equal([.. Has()], Completeness.OfBits(Completeness.Bits(Has())).ToArray());
        Assert.Contains(DataField.Referrer, Completeness.Of(s.Report, s[2], new ReportSecrets { Referrer = "x" }));
    }

    /// <summary>What the source has given only the source changes: also one of name and password.</summary>
    [Theory]
    [InlineData(null, "secret")]
    [InlineData("user", null)]
    public void Another_hotlines_answer_takes_nothing_away_that_the_source_gave(string? user, string? password)
    {
        var s = Referred();
        var seam = new CPort.Actors.Confidential.KeyRingSeam(CPort.Actors.Confidential.KeyRing.New());
        var place = new CPort.Domain.Confidential.SealedPlace(s.Id, CPort.Domain.Confidential.SealedField.ReportSecrets);
        var report = s.Report with
        {
            ReportingHotline = Be.Agency, Secrets = seam.Seal(place, new CPort.Domain.Confidential.ReportSecrets { UserName = user, Password = password }),
        };
        var answer = new AnswerInput
        {
            Field = DataField.Access, Text = new CPort.Domain.Confidential.SecretText { Text = "guest" },
            Password = new CPort.Domain.Confidential.SecretText { Text = "guest" },
        };
        var command = new AnswerQuestion { ReportId = s.Id, Context = s.Context(Nl), Number = Asked(s), Answers = [answer] };
        var closed = (AnswerQuestion)command.Seal(seam, report);
        Assert.Null(closed.SealedSecrets);
        Assert.NotNull(Assert.Single(closed.Answers).Value);
        Assert.NotNull(((AnswerQuestion)command.Seal(seam, report with { ReportingHotline = Nl.Agency })).SealedSecrets);
    }

    [Fact]
    public void To_all_but_its_parties_it_has_not_happened()
    {
        var s = Referred();
        Ask(s, Officer);
        Answer(s, Nl, Full);
        Judge(s, Officer, satisfied: true);
        IReportEvent[] about = [.. s.Events.Where(e => e is QuestionAsked or QuestionAnswered or AnswerJudged)];
        Assert.Equal(3, about.Length);
        Assert.All(about, e => Assert.All([Officer, Nl], party => Assert.True(e.IsShownTo(party, s.Report))));
        Assert.All(about, e => Assert.All([Other, Interpol, Se, PoliceUa], stranger => Assert.False(e.IsShownTo(stranger, s.Report))));
        Assert.Equal(
            ["cport.question.asked.v1", "cport.question.answered.v1", "cport.question.satisfied.v1"],
            about.SelectMany(e => FeedTypes.Of(e, s.Report)).Select(n => n.Type.Name));
        Assert.All(about.SelectMany(e => FeedTypes.Of(e, s.Report)), n => Assert.Equal(Officer.Agency, n.Asker));
    }
}
