using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CPort.Api.Agencies;
using CPort.Api.Groups;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace CPort.Api;

/// <summary>The OpenAPI document, made from the code at run time, with examples of made-up content only.</summary>
public static class ApiDocument
{
    private const string ReportExample = """
        {
          "reportingAnalystName": "analyst.one", "hotlineReceivedDate": "2026-01-04T08:15:00Z", "hotlineReference": "NL-2026-000123",
          "memo": "Seen on a public forum.", "sourceUrlReferrer": "https://links.example/go?id=1",
          "sourceUrlSiteType": 6, "sourceUrlCommerciality": "NonCommercial", "sourceUrlPaymentMethods": [9], "urgent": false,
          "urls": [
            { "urlString": "https://forum.example/thread/17", "isSourceUrl": true, "contentType": 2, "hostingCountryCode": "NL",
              "hostingIpAddress": "192.0.2.17" },
            { "urlString": "https://img.example/i/ab/cd.jpg", "isSourceUrl": false, "contentType": 1,
              "hashes": { "md5": "00112233445566778899aabbccddeeff", "sha1": "00112233445566778899aabbccddeeff00112233", "mediaSize": 48213, "mimeType": "image/jpeg" },
              "assessment": { "assessingAnalystName": "analyst.one", "classification": "National", "ageCategorization": 3, "genderCategorization": 2,
                "virtualContentCategorization": 0, "userGeneratedContentCategorization": 0, "childModelingCategorization": 0 },
              "actions": [ { "actionType": 1, "actioningAnalystName": "analyst.one", "actionDate": "2026-01-04T09:00:00Z" } ] }
          ]
        }
        """;

    private static readonly Dictionary<Type, string> Examples = new()
    {
        [typeof(ReportBody)] = ReportExample,
        [typeof(SubmissionAnswer)] = """{ "outcome": "accepted", "reportId": "3Z9QK7X0T2V5W8YB4CDEFGH1JM", "number": 20417, "version": 2 }""",
        [typeof(LineAnswer)] = """{ "line": 1, "outcome": "accepted", "reportId": "3Z9QK7X0T2V5W8YB4CDEFGH1JM", "number": 20417 }""",
        [typeof(ApiProblem)] = """
            { "type": "urn:cport:problem:malformed-hash", "title": "Malformed hash", "status": 422, "code": "malformed-hash",
              "detail": "urls[0].hashes.md5: MD5 is written as 32 hex digits.",
              "errors": [ { "field": "urls[0].hashes.md5", "code": "malformed-hash", "detail": "MD5 is written as 32 hex digits." } ] }
            """,
        [typeof(AssessBody)] =
            """{ "items": [ { "item": 2, "expectedVersion": 3 } ], "assessment": { "classification": "Baseline", "ageCategorization": 3, "genderCategorization": 2 } }""",
        [typeof(AssessAnyBody)] = """{ "items": [ { "item": "3Z9QK7X0T2V5W8YB4CDEFGH1JM-2" } ], "assessment": { "classification": "NotIllegal" } }""",
        [typeof(AssessGroupBody)] = """{ "all": true, "assessment": { "classification": "Baseline", "ageCategorization": 3, "genderCategorization": 2 } }""",
        [typeof(ActBody)] = """{ "items": [ { "item": 2 } ], "action": { "actionType": "Removed", "actionDate": "2026-01-05T10:00:00Z" } }""",
        [typeof(ActAnyBody)] = """{ "items": [ { "item": "3Z9QK7X0T2V5W8YB4CDEFGH1JM-2" } ], "action": { "actionType": "Unavailable", "reasonId": 9 } }""",
        [typeof(ClaimBody)] = """{ "items": [ { "item": 2 } ], "minutes": 60 }""",
        [typeof(ClaimAnyBody)] = """{ "items": [ { "item": "3Z9QK7X0T2V5W8YB4CDEFGH1JM-2" } ], "minutes": 60 }""",
        [typeof(HostingBody)] = """{ "items": [ { "item": 1 } ], "hostingCountryCode": "DE", "hostingIpAddress": "198.51.100.4" }""",
        [typeof(MoveBody)] = """{ "items": [ { "item": 1 } ], "countryCode": "DE" }""",
        [typeof(RegisterAgencyBody)] = """{ "id": "hotline-nl", "name": "Example hotline NL", "kind": "Hotline", "countries": [ "NL" ], "trust": "Trusted" }""",
        [typeof(IssueKeyBody)] = """{ "roles": [ "Analyst", "Machine" ] }""",
        [typeof(KeyNetworksBody)] = """{ "networks": [ "192.0.2.0/24", "2001:db8::/32" ] }""",
        [typeof(RotateKeyBody)] = """{ "graceSeconds": 3600 }""",
    };

    private static readonly Type[] Values = [typeof(CodeValue), typeof(FlagValue), typeof(DateValue), typeof(ClearableText)];

    private static readonly (string Name, string Description)[] Tags =
    [
        ("Reports", "Submit and read reports."), ("Work on reports", "Commands about one report and its items."), ("Work on items", "Commands about items of any reports."),
        ("Queues", "What waits for the caller's agency."), ("Statistics", "Figures over what one sees."),
        ("Groups", "Items that look alike."), ("Hashes", "Known hashes: look up, import, correct, quarantine."),
        ("Agencies", "Agencies and their keys."), ("People", "An agency's people, who sign in."), ("Audit", "Who looked at what, when and why, and its proofs."),
        ("ICSE", "Packages of media for INTERPOL's ICSE: proposals, files, answers, recalls."),
        ("IWOL", "INTERPOL's \"worst of\" list of domains: candidates, attestations, signed versions."),
        ("Police and hotlines", "Referrals, and what police asks for: holds, and data."), ("Feed", "What happened that concerns an agency."),
        ("Notifications", "What the caller is told: clocks that run out, and news by kind."),
        ("Second looks", "What somebody looks at who does not know what was said, before it counts."),
        ("Webhooks", "Where an agency has its news sent."),
        ("Other wires", "Reports, items and referrals in other systems' forms: CyberTipline XML, CASE/UCO."),
        ("Operators", "The read model, and what cannot be read."),
    ];

    internal static IServiceCollection AddCPortOpenApi(this IServiceCollection services, string publicUrl) => services.AddOpenApi("v1", o =>
    {
        // Values that are a text or a number stand where they are used: of a name for one some generators make an empty object.
        o.CreateSchemaReferenceId = type => Values.Contains(Nullable.GetUnderlyingType(type.Type) ?? type.Type)
            ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        o.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "CPort", Version = "v1", License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
                Description =
                    "Processing of reports (metadata only) between hotlines and police. Errors are RFC 9457 problems with a `code`: 400 when a request cannot be "
                    + "read, 422 when a value in it cannot be used, with its field or parameter in `errors`. Dates are UTC. Every list pages in one way: "
                    + "`maxResults` (1 to 200, left out: 200) and `cursor`, which is `nextCursor` of the answer before, absent on the last page. Commands take `Command-Id` or `Idempotency-Key` and may be repeated safely with the same one.\n\n"
                    + "ICCAM codes may be sent as number or name and are answered as both:\n\n"
                    + string.Join("\n", CodeTexts().Select(t => $"- {t}")),
            };

            // Configured, never what a request's Host header says.
            document.Servers = [new OpenApiServer { Url = publicUrl.TrimEnd('/') }];
            document.Components ??= new OpenApiComponents();
            document.Tags = Tags.Select(t => new OpenApiTag { Name = t.Name, Description = t.Description }).ToHashSet();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key, cport_…" },
                ["apiKey"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = ApiKeyHandler.KeyHeader },
            };
            document.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("apiKey", document)] = [] },
            ];
            return Task.CompletedTask;
        });
        o.AddOperationTransformer((operation, context, _) =>
        {
            operation.RequestBody?.Content?.Remove("*/*");
            foreach (var needed in context.Description.ActionDescriptor.EndpointMetadata.OfType<NeededDeed>())
            {
                operation.Description = $"{operation.Description} {AccessTable.WhoMay(needed.Deed)}".Trim();
            }

            Parameters(operation, context.Description.HttpMethod!, context.Description.ActionDescriptor.EndpointMetadata);
            Responses(operation, context.Document!);
            return Task.CompletedTask;
        });
        o.AddSchemaTransformer((schema, context, _) =>
        {
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (type == typeof(CodeValue))
            {
                Become(schema, JsonSchemaType.Integer | JsonSchemaType.String, "A code's number or name.");
            }
            else if (type == typeof(FlagValue))
            {
                Become(schema, JsonSchemaType.Boolean | JsonSchemaType.Integer, "true, false, 1 or 0.");
            }
            else if (type == typeof(ClearableText))
            {
                Become(schema, JsonSchemaType.String | JsonSchemaType.Null, "A text; null or empty takes it away.");
            }
            else if (type == typeof(DateValue) || type == typeof(DateTimeOffset))
            {
                Become(schema, JsonSchemaType.String, type == typeof(DateValue) ? "ISO 8601 with Z or an offset." : schema.Description);
                schema.Format = "date-time";
            }
            else if (type.IsEnum)
            {
                // A value that is none is left out, never null.
                schema.Type = JsonSchemaType.String;
                schema.Enum = schema.Enum is { } values ? [.. values.Where(v => v is not null)] : null;
            }
            else if (schema.Type is { } kind && kind.HasFlag(JsonSchemaType.Array) && schema.Items is null)
            {
                schema.Items = new OpenApiSchema { Type = JsonSchemaType.Integer | JsonSchemaType.String, Description = "A code's number or name." };
            }

            if (type != context.JsonTypeInfo.Type && Values.Contains(type))
            {
                schema.Type |= JsonSchemaType.Null;
            }

            if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Object && schema.Properties is { Count: > 0 })
            {
                // Answers leave out what is null; of bodies it is said what they need.
                schema.Required = context.JsonTypeInfo.Properties
                    .Where(p => schema.Properties.ContainsKey(p.Name) && (p.AttributeProvider?.IsDefined(typeof(RequiredAttribute), true) == true
                        || (!p.IsGetNullable && Nullable.GetUnderlyingType(p.PropertyType) is null && schema.Required?.Contains(p.Name) == true)))
                    .Select(p => p.Name).ToHashSet();
            }

            if (type.IsAssignableTo(typeof(HashTexts)))
            {
                foreach (var row in HashAlgorithms.All)
                {
                    schema.Properties![row.JsonName].Description = $"{row.Title}: {row.Form}.";
                }
            }

            if (Examples.TryGetValue(type, out var example))
            {
                schema.Examples = [JsonNode.Parse(example)!];
            }

            return Task.CompletedTask;
        });
    });

    /// <summary>What endpoints read of a request besides what they are bound to.</summary>
    private static void Parameters(OpenApiOperation operation, string method, IList<object> endpoint)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(Parameter(ParameterLocation.Header, ApiKeyHandler.PurposeHeader, "Why the caller looks; police must give one."));
        if (method != "GET")
        {
            operation.Parameters.Add(Parameter(ParameterLocation.Header, ApiCaller.CommandIdHeader,
                "Names the command; a repeat with the same id gets the first answer."));
            operation.Parameters.Add(Parameter(ParameterLocation.Header, ApiCaller.IdempotencyHeader, $"Another name of {ApiCaller.CommandIdHeader}."));
        }

        if (endpoint.OfType<EntityTags.TakesIfMatch>().Any())
        {
            operation.Parameters.Add(Parameter(ParameterLocation.Header, "If-Match",
                "ETags of which one must be the present one, of the item or the report that the command is about; else 412."));
        }

        if (operation.Responses?.ContainsKey("304") == true)
        {
            operation.Parameters.Add(Parameter(ParameterLocation.Header, "If-None-Match", "ETags; 304 when one of them is the present one."));
        }

        if (operation.RequestBody is not null && operation.OperationId != "ImportHashes")
        {
            operation.Parameters.Add(Parameter(ParameterLocation.Query, "codes", "By which of ICCAM's lists codes are read: v3 (left out) or v2."));
        }
    }

    /// <summary>What every endpoint can answer stands here, once; with the endpoints what is theirs.</summary>
    private static void Responses(OpenApiOperation operation, OpenApiDocument document)
    {
        operation.Responses ??= [];
        int[] common = [400, 401, 403, 429, 500, 503];
        int[] ofBodies = operation.RequestBody is null ? [] : [408, 413, 415, 422];
        int[] ofPaths = operation.Parameters!.Any(p => p.In == ParameterLocation.Path) ? [404] : [];
        foreach (var status in common.Concat(ofBodies).Concat(ofPaths))
        {
            operation.Responses.TryAdd(status.ToString(System.Globalization.CultureInfo.InvariantCulture), new OpenApiResponse());
        }

        foreach (var (status, response) in operation.Responses)
        {
            if (response is not OpenApiResponse answer)
            {
                continue;
            }

            if (status[0] is '4' or '5')
            {
                answer.Description = "A problem; its code says which.";
                answer.Content = new Dictionary<string, OpenApiMediaType>
                {
                    [ApiProblem.ContentType] = new() { Schema = new OpenApiSchemaReference(nameof(ApiProblem), document) },
                };
            }

            foreach (var (name, description) in HeadersOf(operation, status))
            {
                (answer.Headers ??= new Dictionary<string, IOpenApiHeader>())[name] =
                    new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
            }
        }
    }

    private static IEnumerable<(string Name, string Description)> HeadersOf(OpenApiOperation operation, string status)
    {
        if (status is "429" or "503")
        {
            yield return ("Retry-After", "Seconds after which the same request may be sent again.");
        }

        if (status == "415")
        {
            yield return ("Accept-Encoding", "The one encoding that is taken.");
        }

        if (status == "401")
        {
            yield return ("WWW-Authenticate", "How to authenticate.");
        }

        // What had been made before stands at its place as well.
        if (status is "201" or "202" || (status == "200" && operation.Responses!.ContainsKey("201")))
        {
            yield return ("Location", "Where what was made is read, if it is.");
        }

        // Who answers If-None-Match gives what to name in it, and what a command made of a report has its new version.
        if (status is "200" or "201" or "304" && (operation.OperationId == "GetItem" || operation.Responses!.ContainsKey("304")
            || operation.Parameters!.Any(p => p.Name is "If-Match" or ApiCaller.CommandIdHeader)))
        {
            yield return ("ETag", "The version of the item, the report or the file; for If-Match and If-None-Match. Of a compressed answer it ends in -gzip.");
        }
    }

    private static OpenApiParameter Parameter(ParameterLocation place, string name, string description) => new()
    {
        Name = name, In = place, Required = false, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static void Become(OpenApiSchema schema, JsonSchemaType type, string? description)
    {
        schema.Type = type;
        schema.Description = description;
        schema.Properties?.Clear();
        schema.Required?.Clear();
    }

    private static IEnumerable<string> CodeTexts() =>
    [
        $"{CodeLists.SiteTypes.Name}: {CodeLists.SiteTypes.Allowed}",
        $"{CodeLists.Commercialities.Name}: {CodeLists.Commercialities.Allowed}",
        $"{CodeLists.PaymentMethods.Name}: {CodeLists.PaymentMethods.Allowed}",
        $"{CodeLists.Classifications.Name}: {CodeLists.Classifications.Allowed}",
        $"{CodeLists.AgeCategories.Name}: {CodeLists.AgeCategories.Allowed}",
        $"{CodeLists.GenderCategories.Name}: {CodeLists.GenderCategories.Allowed}",
        $"{CodeLists.ContentTypes.Name}: {CodeLists.ContentTypes.Allowed}",
        $"{CodeLists.ActionTypes.Name}: {CodeLists.ActionTypes.Allowed}",
        $"{CodeLists.ActionReasons.Name}: {CodeLists.ActionReasons.Allowed}",
        $"{CodeLists.HoldReasons.Name}: {CodeLists.HoldReasons.Allowed}",
        $"{CodeLists.ReferralKeys.Name}: {CodeLists.ReferralKeys.Allowed}",
        $"{CodeLists.DeclineReasons.Name}: {CodeLists.DeclineReasons.Allowed}",
        $"{CodeLists.DataFields.Name}: {CodeLists.DataFields.Allowed}",
        $"{CodeLists.PrioritySignals.Name}: {CodeLists.PrioritySignals.Allowed}",
        $"{CodeLists.QuestionsTo.Name}: {CodeLists.QuestionsTo.Allowed}",
        $"{CodeLists.ReferralOutcomes.Name}: {CodeLists.ReferralOutcomes.Allowed}",
    ];
}
