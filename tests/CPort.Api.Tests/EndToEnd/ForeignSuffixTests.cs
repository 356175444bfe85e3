using CPort.Domain.Routing;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Registrable domains, as libpsl's own program tells them by the same list.</summary>
public sealed class ForeignSuffixTests
{
    private const string List = "/usr/share/publicsuffix/public_suffix_list.dat";
    private const int Names = 10_000;

    [SkippableFact]
    public async Task Ten_thousand_names_have_the_registrable_domain_that_libpsl_says()
    {
        Skip.IfNot(File.Exists(List), $"{List} (Debian: publicsuffix) is not there.");
        var suffixes = PublicSuffixes.Load(List);
        var rules = (await File.ReadAllLinesAsync(List)).Select(l => l.Split(' ', '\t')[0])
            .Where(l => l.Length > 0 && !l.StartsWith("//", StringComparison.Ordinal)
            && l.All(char.IsAscii)).Select(l => l.TrimStart('*', '!').TrimStart('.')).Distinct().ToArray();
        var random = new Random(17);
        string[] labels = ["", "a.", "www.a.", "x.y.z."];
        var names = Enumerable.Range(0, Names).Select(_ => labels[random.Next(labels.Length)] + rules[random.Next(rules.Length)]).Distinct().ToArray();
        var wrong = new List<string>();
        foreach (var part in names.Chunk(1_000))
        {
            var said = await ForeignProgram.RunAsync(
                Path.GetTempPath(), $"psl --load-psl-file {List} --print-reg-domain", needsNetwork: false, [], part);
            var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(": ", 2)).ToDictionary(l => l[0], l => l[1]);
            wrong.AddRange(part.Where(n => lines[n] != (suffixes.ListableDomain(n) ?? "(null)"))
                .Select(n => $"{n}: {lines[n]} and not {suffixes.ListableDomain(n)}"));
        }

        Assert.Empty(wrong);
    }
}
