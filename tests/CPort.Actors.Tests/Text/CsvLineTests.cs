using System.Text;
using CPort.Domain.Text;

namespace CPort.Actors.Tests.Text;

public class CsvLineTests
{
    [Theory]
    [InlineData("a;b;c", "a|b|c")]
    [InlineData(" a ;\tb;", "a|b|")]
    [InlineData("", "")]
    [InlineData("1; \"x; y\" ;\"q\"\"r\"", "1|x; y|q\"r")]
    [InlineData("\"a\rb\";c", "a b|c")]
    [InlineData("\"ä\";ö", "ä|ö")]
    [InlineData("\"a\n\";c", "a|c")]
    [InlineData("\"open;b", null)]
    [InlineData("a;b\rc;d", null)]
    [InlineData("\"a\"\n\"b\"", null)]
    public void Lines_are_split(string line, string? fields)
    {
        using var csv = new CsvLine(';');
        Assert.Equal(fields, Split(csv, line));
    }

    [Fact]
    public void One_line_says_nothing_about_the_next()
    {
        using var csv = new CsvLine(',');
        Assert.Equal("a,b", Split(csv, "\"a,b\""));
        Assert.Null(Split(csv, "\"never closed"));
        Assert.Equal("c|d", Split(csv, "c,\"d\""));
        Assert.Null(Split(csv, "\"c\"\n\"d\""));
        Assert.Equal("e|f", Split(csv, "\"e\",f"));
        Assert.Equal(5_000, Split(csv, new string(',', 4_999))!.Split('|').Length);
        Assert.Equal(new string('x', 60_000), Split(csv, $"\"{new string('x', 60_000)}\""));
        Assert.Equal("e", Split(csv, "e"));
    }

    private static string? Split(CsvLine csv, string line) =>
        csv.Split(Encoding.UTF8.GetBytes(line)) is null
            ? string.Join('|', Enumerable.Range(0, csv.Count).Select(i => csv[i].ToString())) : null;
}
