namespace CPort.Actors.Tests;

/// <summary>Tests that measure what belongs to the whole process, such as its memory: beside no others, or they measure those as well.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredCollection
{
    public const string Name = "Measured";
}
