using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using Akka.Actor;
using CPort.Actors.Reports;
using CPort.Domain.Reports;
using CPort.Iccam;
using CPort.IccamClient.Running;
using CPort.Node.Composition;
using CPort.Tests.Shared;

namespace CPort.Api.Tests;

/// <summary>
/// Dependencies point down: between projects by what they were compiled against, between folders by what their sources name and their code was compiled to.
/// </summary>
public sealed partial class DependencyTests
{
    /// <summary>What lies beside the folders.</summary>
    private const string Root = "";

    private const int ActorLines = 250;

    private static readonly Dictionary<short, OpCode> OpCodesByValue =
        typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value);

    /// <summary>The folders of the domain: each may use those before it.</summary>
    private static readonly string[] DomainOrder =
    [
        "Text", "Wire", "CodeLists", "Identity", "Access", "Agencies", "Audit", "Confidential", "People", "Hashes", "Groups", "Inheritance", "Routing",
            "Referrals", "Iwol", "Icse", "Reports", "Queues", "Exchange", "Wires",
    ];

    private static readonly string[] ApiOrder =
    [
        "Answers", "Security", "Reading", "Reports", "Queues", "Exchange", "Iwol", "Icse", "Groups", "Hashes", "Agencies", "Looks", "Audit", "People", "Operators", "Wires", Root,
    ];

    /// <summary>The root has the exit codes; the program itself is in no namespace.</summary>
    private static readonly string[] NodeOrder =
        [Root, "Client", "Options", "Hosting", "Readiness", "Adapters", "Operator", "Composition", "Sample", "Commands"];

    private static readonly string[] IccamOrder = ["Contracts", "Reading", "Security", "Endpoints", Root];

    private static readonly string[] IccamClientOrder = ["Wire", "Our", "Reading", "Planning", "Store", "Running"];

    private static string[] ReferencesOf(Assembly assembly) => [.. assembly.GetReferencedAssemblies().Select(a => a.Name!)];

    [Fact]
    public void The_domain_knows_no_actors_no_SQL_and_no_HTTP() => Assert.DoesNotContain(
        ReferencesOf(typeof(Report).Assembly),
        r => Foreign().IsMatch(r));

    [Fact]
    public void Actors_knows_neither_the_api_nor_the_node_nor_http_nor_configuration()
    {
        var references = ReferencesOf(typeof(ReportActor).Assembly);

        Assert.Contains("CPort.Domain", references);
        Assert.DoesNotContain("CPort.Api", references);
        Assert.DoesNotContain("cport", references);
        Assert.DoesNotContain(references, r => r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.DoesNotContain(references, r => r.StartsWith("Microsoft.Extensions.Configuration", StringComparison.Ordinal));
        Assert.DoesNotContain("System.Net.Http", references);
    }

    [Fact]
    public void The_api_knows_the_actors_and_not_the_node()
    {
        var references = ReferencesOf(typeof(CPortApi).Assembly);

        Assert.Contains("CPort.Actors", references);
        Assert.DoesNotContain("cport", references);
    }

    [Fact]
    public void Folders_of_the_domain_use_only_those_below_them() => UseOnlyThoseBefore(DomainOrder, FolderUses("CPort.Domain", typeof(Report).Assembly));

    [Fact]
    public void Folders_of_the_api_use_only_those_below_them()
    {
        var uses = FolderUses("CPort.Api", typeof(CPortApi).Assembly);
        UseOnlyThoseBefore(ApiOrder, uses);

        // Nothing but a global using says so.
        Assert.Contains(uses, u => u is { From: "Security", To: "Answers" });
    }

    [Fact]
    public void The_facade_knows_the_api_and_neither_the_portal_nor_the_node()
    {
        var references = ReferencesOf(typeof(CPortIccam).Assembly);

        Assert.Contains("CPort.Api", references);
        Assert.DoesNotContain(references, r => r is "cport" or "CPort.Portal");
    }

    [Fact]
    public void Folders_of_the_facade_use_only_those_below_them() => UseOnlyThoseBefore(IccamOrder, FolderUses("CPort.Iccam", typeof(CPortIccam).Assembly));

    [Fact]
    public void The_client_of_ICCAM_knows_the_domain_and_the_contract_and_nothing_that_runs_a_node()
    {
        var references = ReferencesOf(typeof(Bridge).Assembly);

        Assert.Contains("CPort.Iccam.Contracts", references);
        Assert.DoesNotContain(references, r => r is "cport" or "CPort.Api" or "CPort.Actors" or "CPort.Iccam" or "CPort.Portal"
            || r.StartsWith("Akka", StringComparison.Ordinal) || r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        UseOnlyThoseBefore(IccamClientOrder, FolderUses("CPort.IccamClient", typeof(Bridge).Assembly));
    }

    [Fact]
    public void Folders_of_the_node_use_only_those_below_them() => UseOnlyThoseBefore(NodeOrder, FolderUses("CPort.Node", typeof(NodeHost).Assembly));

    private static void UseOnlyThoseBefore(string[] order, IReadOnlyCollection<(string From, string To)> uses)
    {
        Assert.Empty(uses.SelectMany(u => (string[])[u.From, u.To]).Except(order));
        Assert.DoesNotContain(uses, u => Array.IndexOf(order, u.To) > Array.IndexOf(order, u.From));
    }

    [Fact]
    public void Folders_of_the_actors_use_one_another_without_a_cycle()
    {
        var uses = FolderUses("CPort.Actors", typeof(ReportActor).Assembly).ToHashSet();
        Assert.Contains(uses, u => u is { From: "Reports", To: "Matching" });

        // What uses nothing that is left cannot be part of a cycle.
        while (uses.RemoveWhere(u => !uses.Any(other => other.From == u.To)) > 0)
        {
        }

        Assert.Empty(uses);
    }

    [Theory]
    [InlineData("CPort.Domain")]
    [InlineData("CPort.Actors")]
    [InlineData("CPort.Api")]
    [InlineData("CPort.Iccam")]
    [InlineData("CPort.Iccam.Contracts")]
    [InlineData("CPort.IccamClient")]
    [InlineData("CPort.Node")]
    public void Namespaces_follow_folders(string project)
    {
        var sources = Sources(project);
        Assert.NotEmpty(sources);
        Assert.DoesNotContain(
            sources, s => Namespace().Match(s.Text) is { Success: true } match && match.Groups[1].Value != s.Namespace);
    }

    [Fact]
    public void Files_of_actors_have_fewer_lines_than_a_reader_tires_of()
    {
        Type[] types = [.. typeof(ReportActor).Assembly.GetTypes(), .. typeof(NodeHost).Assembly.GetTypes()];
        string[] actors = [.. types.Where(t => t.IsAssignableTo(typeof(ActorBase))).Select(t => t.Name)];
        var files = new[] { "CPort.Actors", "CPort.Node" }.SelectMany(Sources)
            .Where(s => actors.Any(a => Regex.IsMatch(s.Text, $@"\bclass {a}\b"))).ToArray();
        Assert.Contains(files, f => f.Path == "Reports/ReportActor.cs");
        Assert.Empty(files.Where(f => f.Text.Count(c => c == '\n') >= ActorLines).Select(f => f.Path));
    }

    /// <summary>
    /// Which folder of a project uses which other: by <c>using</c> or a name in the code (<c>Hashes.HashVerdict</c>), which shows constants, and by what the
    /// code was compiled to, which shows what comes with a global <c>using</c>. A folder in a folder counts as that one.
    /// </summary>
    private static IReadOnlyCollection<(string From, string To)> FolderUses(string project, Assembly assembly)
    {
        string FolderOf(string name) => name.Length > project.Length ? name[(project.Length + 1)..].Split('.')[0] : Root;
        bool IsOurs(string? name) => name == project || name?.StartsWith(project + ".", StringComparison.Ordinal) == true;
        var all = assembly.GetTypes().Where(t => IsOurs(t.Namespace)).ToArray();
        var types = all.Select(t => (FolderOf(t.Namespace!), t.Name.Split('`')[0])).ToHashSet();
        var uses = new HashSet<(string From, string To)>();
        foreach (var source in Sources(project))
        {
            var used = Using().Matches(source.Text).Select(m => m.Groups[1].Value).Where(n => IsOurs(n) && n != project).Select(FolderOf);
            var named = Qualified().Matches(CommentOrText().Replace(source.Text, ""))
                .Select(m => (Folder: m.Groups[1].Value, Type: m.Groups[2].Value)).Where(types.Contains).Select(t => t.Folder);

            // What is in no namespace is the program: nothing can use it.
            uses.UnionWith(Namespace().IsMatch(source.Text) ? used.Concat(named).Select(to => (FolderOf(source.Namespace), to)) : []);
        }

        foreach (var type in all)
        {
            uses.UnionWith(UsedBy(type).Where(t => t.Assembly == assembly && IsOurs(t.Namespace))
                .Select(t => (FolderOf(type.Namespace!), FolderOf(t.Namespace!))));
        }

        return [.. uses.Where(u => u.From != u.To)];
    }

    /// <summary>The types that a type's own declaration and code name; constants are values by then.</summary>
    private static IEnumerable<Type> UsedBy(Type type)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var methods = type.GetMethods(Own).Concat<MethodBase>(type.GetConstructors(Own)).ToArray();
        IEnumerable<Type?> named =
        [
            type.BaseType, .. type.GetInterfaces(), .. type.GetFields(Own).Select(f => f.FieldType), .. type.CustomAttributes.Select(a => a.AttributeType),
            .. methods.SelectMany(m => m.GetParameters()).Select(p => p.ParameterType), .. methods.OfType<MethodInfo>().Select(m => m.ReturnType),
            .. methods.SelectMany(m => m.CustomAttributes).Select(a => a.AttributeType), .. methods.SelectMany(CalledBy),
        ];
        return named.OfType<Type>().SelectMany(Parts);

        static IEnumerable<Type> Parts(Type type) =>
            type.HasElementType ? Parts(type.GetElementType()!) : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
    }

    private static IEnumerable<Type?> CalledBy(MethodBase method)
    {
        if (method.GetMethodBody() is not { } body)
        {
            yield break;
        }

        foreach (var local in body.LocalVariables)
        {
            yield return local.LocalType;
        }

        var code = body.GetILAsByteArray()!;
        var types = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var parameters = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            var op = OpCodesByValue[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            at += op.Size;
            if (op.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
            {
                var member = method.Module.ResolveMember(BitConverter.ToInt32(code, at), types, parameters);
                yield return member as Type ?? member!.DeclaringType;
                foreach (var argument in member is MethodInfo { IsGenericMethod: true } called ? called.GetGenericArguments() : [])
                {
                    yield return argument;
                }
            }

            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    /// <summary>No image can be built where these run, and one without a project does not build.</summary>
    [Fact]
    public void The_image_is_made_of_every_project()
    {
        var file = File.ReadAllText(Repository.PathOf("docker", "Dockerfile"));
        Assert.All(Directory.GetFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension), project =>
            Assert.Contains($"COPY src/{project}/{project}.csproj src/{project}/packages.lock.json src/{project}/", file, StringComparison.Ordinal));
    }

    /// <summary>The sources of a project with the namespace that their folders ask for.</summary>
    private static (string Path, string Namespace, string Text)[] Sources(string project)
    {
        var root = Repository.PathOf("src", project);
        return
        [
            .. Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(f => (Path: Path.GetRelativePath(root, f), File: f))
                .Where(f => f.Path.Split('/')[0] is not ("bin" or "obj"))
                .Select(f => (f.Path, string.Join('.', [project, .. f.Path.Split('/')[..^1]]), File.ReadAllText(f.File))),
        ];
    }

    [GeneratedRegex("^(CPort|Akka|Microsoft|Npgsql|linq2db|System\\.Data|System\\.Net\\.Http)")]
    private static partial Regex Foreign();

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"(?<!\w)([A-Z]\w*)\.([A-Z]\w*)")]
    private static partial Regex Qualified();

    [GeneratedRegex(@"//.*|""(?:\\.|[^""\\\n])*""")]
    private static partial Regex CommentOrText();
}
