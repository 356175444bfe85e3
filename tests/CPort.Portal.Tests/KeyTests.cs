using CPort.Domain.People;
using CPort.Portal.Shell;

namespace CPort.Portal.Tests;

/// <summary>Keys that a person may choose.</summary>
public sealed class KeyTests
{
    [Fact]
    public void Keys_are_those_that_were_chosen_and_the_usual_ones_beside_them()
    {
        var map = PortalKeys.Map(new Dictionary<string, string?> { ["next"] = "M", ["save"] = "w", ["help"] = "", ["claim"] = "c" }, out var wrong);
        Assert.Null(wrong);
        Assert.Equal("next=m save=w", map);
        Assert.True(PeopleRules.IsKeyMap(map));
        Assert.Equal(("m", "w", "c", "?"), (PortalKeys.Of(map, "next"), PortalKeys.Of(map, "save"), PortalKeys.Of(map, "claim"), PortalKeys.Of(map, "help")));
        Assert.Equal("mn ws", PortalKeys.Script(map));
        Assert.Null(PortalKeys.Script(null));

        // Two may change places.
        Assert.Equal("down=k up=j", PortalKeys.Map(new Dictionary<string, string?> { ["down"] = "k", ["up"] = "j" }, out _));
    }

    [Theory]
    [InlineData("next", "c")]
    [InlineData("next", "g")]
    [InlineData("next", "1")]
    [InlineData("next", "mm")]
    [InlineData("next", "é")]
    [InlineData("next", "=")]
    public void A_key_that_is_taken_or_none_is_told(string name, string key)
    {
        var map = PortalKeys.Map(new Dictionary<string, string?> { [name] = key }, out var wrong);
        if (key == "=")
        {
            Assert.Equal("next==", map);
            return;
        }

        Assert.Null(map);
        Assert.NotNull(wrong);
    }

    [Theory]
    [InlineData("next")]
    [InlineData("next=")]
    [InlineData("next=m next=w")]
    [InlineData("next=m save=m")]
    [InlineData("NEXT=m")]
    [InlineData("next=m ")]
    [InlineData("next=\u0007")]
    [InlineData("next=\"><script>")]
    public void What_is_no_map_is_not_kept(string map) => Assert.False(PeopleRules.IsKeyMap(map));
}
