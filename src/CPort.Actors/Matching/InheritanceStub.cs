namespace CPort.Actors.Matching;
public sealed record InheritanceOptions;
public static class InheritancePolicy { public static InheritanceDecision? Decide(CPort.Actors.CodeLists.Country? country, ItemVerdicts v, InheritanceOptions o) => null; }
