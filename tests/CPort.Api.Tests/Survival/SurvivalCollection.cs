using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>
/// Tests with node processes of their own. They run one after the other and beside no others, because they measure time and fill both processors.
/// One PostgreSQL serves them all, except those that stop it.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SurvivalCollection : ICollectionFixture<PostgreSqlServer>
{
    public const string Name = "Survival";
}
